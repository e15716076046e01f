"""`make bench`: every bench/bench_*.py as a process of its own; figures, never a pass or fail.

python -m bench [NAME …]        NAME: pages, imports, rollup …
"""

import os
import subprocess
import sys
from pathlib import Path

from config import embedded

HERE = Path(__file__).parent
LIMIT_SECONDS = 600


def main():
    embedded.use_unless_set(os.environ, "bench")
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    for path in sorted(HERE.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        sys.stdout.write(f"── {name}\n")
        sys.stdout.flush()
        command = [sys.executable, "-m", f"bench.{path.stem}"]
        try:
            code = subprocess.call(command, cwd=HERE.parent, timeout=LIMIT_SECONDS)  # noqa: S603
        except subprocess.TimeoutExpired:
            code = f"stopped after {LIMIT_SECONDS} s"
        if code:
            sys.stdout.write(f"   not measured ({code})\n")


if __name__ == "__main__":
    main()
