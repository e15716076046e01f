import hashlib
import json
import re

from tests.sources import BASE_DIR

VENDOR = BASE_DIR / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
SPRITE = (VENDOR / "tabler-icons" / "sprite.svg").read_text("utf-8")


def test_vendored_files_are_those_of_the_manifest():
    listed = {file: sha for entry in MANIFEST for file, sha in entry["files"].items()}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }

    assert found == listed


def test_every_vendored_package_names_version_and_licence():
    for entry in MANIFEST:
        assert entry["name"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])
        assert entry["licence"] in {"MIT", "OFL-1.1"}
        assert any(file.endswith("/LICENSE") for file in entry["files"])


def test_every_icon_that_is_asked_for_is_in_the_sprite():
    have = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
    asked = {}
    for path in (BASE_DIR / "templates").rglob("*.html"):
        for name in re.findall(r'{% icon "([^"]+)"|\bicon="([a-z0-9-]+)"', path.read_text("utf-8")):
            asked.setdefault("".join(name), path.name)
    statuses = (BASE_DIR / "core/templatetags/statuses.py").read_text("utf-8")
    for name in re.findall(r'\((?:OK|RISK|LATE|INFO|QUIET|VIOLET), "([^"]+)"', statuses):
        asked.setdefault(name, "statuses.py")

    assert {name: place for name, place in asked.items() if name not in have} == {}
