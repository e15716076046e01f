"""`make bench`: every bench/bench_*.py as a process of its own; figures, never a pass or fail.

python -m bench [NAME …]        NAME: pages, imports, rollup …

All of them together end within ten minutes; sizes beyond that are arguments of the single scripts.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from config import embedded

HERE = Path(__file__).parent
LIMIT_SECONDS = 600


def main():
    embedded.use_unless_set(os.environ, "bench")
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    names = [path.stem.removeprefix("bench_") for path in sorted(HERE.glob("bench_*.py"))]
    chosen = [name for name in names if name in sys.argv[1:]] or names
    for name in chosen:
        sys.stdout.write(f"── {name}\n")
        sys.stdout.flush()
        code = run([sys.executable, "-m", f"bench.bench_{name}"], LIMIT_SECONDS / len(chosen))
        if code:
            sys.stdout.write(f"   not measured ({code})\n")


def run(command, seconds):
    """Run a script in a session of its own, so that its servers end with it when time is up."""
    process = subprocess.Popen(command, cwd=HERE.parent, start_new_session=True)  # noqa: S603
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return f"stopped after {seconds:.0f} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


if __name__ == "__main__":
    main()
