"""Pick the files we serve out of unpacked npm packages: `vendor_files.py FOLDER`; see vendor.sh."""

import hashlib
import json
import re
import sys
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "static" / "vendor"
ICONS = Path(__file__).with_name("icons.txt")
FILES = {
    "bootstrap": ["dist/css/bootstrap.min.css", "dist/js/bootstrap.bundle.min.js"],
    "sortablejs": ["Sortable.min.js"],
    "inter": ["files/inter-latin-wght-normal.woff2"],
    "tabler-icons": [],
}
SYMBOL = (
    '<symbol id="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
    'stroke-linecap="round" stroke-linejoin="round">{}</symbol>'
)


def without_source_map(data):
    """The maps are not shipped, and hashing file names fails on a reference to nothing."""
    return re.sub(rb"\s*(//|/\*)# sourceMappingURL=\S+\s*(\*/)?\s*$", b"\n", data)


def sprite(package):
    names = sorted({name for name in ICONS.read_text("utf-8").split() if name})
    symbols = []
    for name in names:
        text = (package / "icons" / "outline" / f"{name}.svg").read_text("utf-8")
        inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
        inner = re.sub(r'<path stroke="none"[^>]*/>', "", inner)
        symbols.append(SYMBOL.format(name, re.sub(r"\s+", " ", inner).strip()))
    return ('<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n").encode()


def main(source):
    manifest = []
    for name, files in FILES.items():
        package = source / name
        target = VENDOR / name
        target.mkdir(parents=True, exist_ok=True)
        made = {Path(file).name: (package / file).read_bytes() for file in files}
        made = {
            file: data if file.endswith(".woff2") else without_source_map(data)
            for file, data in made.items()
        }
        if name == "tabler-icons":
            made["sprite.svg"] = sprite(package)
        made["LICENSE"] = (package / "LICENSE").read_bytes()
        facts = json.loads((package / "package.json").read_text("utf-8"))
        for file, data in made.items():
            (target / file).write_bytes(data)
        manifest.append(
            {
                "name": facts["name"],
                "version": facts["version"],
                "licence": facts["license"],
                "files": {
                    f"{name}/{file}": hashlib.sha256(data).hexdigest()
                    for file, data in made.items()
                },
            }
        )
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (VENDOR / "manifest.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
