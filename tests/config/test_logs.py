import json
import logging
import logging.config

import pytest

from config.logs import json_logging, mask_secret_paths


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("GET /s/Abc-123/?lang=zh", "GET /s/…/?lang=zh"),
        ("/accounts/password/reset/key/1-abc/", "/accounts/password/reset/key/…/"),
        ("/projects/12/", "/projects/12/"),
    ],
)
def test_tokens_in_paths_are_masked(path, kept):
    assert mask_secret_paths(None, "info", {"request": path, "code": 200}) == {
        "request": kept,
        "code": 200,
    }


def test_log_line_is_one_json_object():
    formatter = logging.config.DictConfigurator(json_logging()).configure_formatter(
        json_logging()["formatters"]["json"]
    )
    record = logging.LogRecord("app", logging.ERROR, "f.py", 1, "broke %s", ("twice",), None)

    line = formatter.format(record)

    assert json.loads(line)["event"] == "broke twice"
    assert json.loads(line)["level"] == "error"
