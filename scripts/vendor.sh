#!/bin/sh
# Fetch the vendored front-end files anew and write static/vendor/manifest.json.
# Needs npm; run it by hand when a version below changes, then commit the result.
set -eu

cd "$(dirname "$0")/.."
BOOTSTRAP=5.3.9 SORTABLE=1.15.7 TABLER=3.51.0 INTER=5.3.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # name@version folder
  mkdir -p "$work/$2"
  (cd "$work" && npm pack --silent "$1" >"$2.name")
  tar -xzf "$work/$(cat "$work/$2.name")" -C "$work/$2" --strip-components=1
}

fetch "bootstrap@$BOOTSTRAP" bootstrap
fetch "sortablejs@$SORTABLE" sortablejs
fetch "@tabler/icons@$TABLER" tabler-icons
fetch "@fontsource-variable/inter@$INTER" inter
"${PYTHON:-python3}" scripts/vendor_files.py "$work"
