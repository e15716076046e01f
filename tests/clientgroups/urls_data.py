from tests.factories.clientgroups import ContactFactory
from tests.url_table import MANAGE, Url

ROWS = [
    Url("clientgroups:client_export", MANAGE, grow=ContactFactory),
    Url("clientgroups:client_template", MANAGE),
    Url(
        "clientgroups:client_export",
        MANAGE,
        post={"format": "csv", "rows": "both"},
        note="download",
    ),
]
