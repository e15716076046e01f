"""Import a history of purchases: reading, checking, writing, undoing, and the memory it takes.

python -m bench.bench_imports [ROWS | FILE]        default: 69,659 lines; try 500000

Each size runs in a process of its own, so that its peak memory is its own.
"""

import datetime as dt
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import database

ROWS = 69_659
SIZES = (ROWS,)
PER_CUSTOMER = 3
STEP = "--step"


def out(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def write_history(path, rows):
    """Lines as a shop exports them, in the order of their days."""
    chance = random.Random(7)  # noqa: S311 - the same file each time
    customers = max(rows // PER_CUSTOMER, 1)
    first = dt.date(2023, 1, 1)
    with path.open("w", encoding="utf-8") as file:
        file.write("customer_id,date,quantity,amount\n")
        for number in range(rows):
            day = first + dt.timedelta(days=number * 540 // rows)
            customer, pieces = chance.randrange(customers), chance.randrange(1, 9)
            file.write(f"{customer:06d},{day},{pieces},{chance.randrange(100, 90000) / 100:.2f}\n")


def timed(call):
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def peak_megabytes():
    """Most memory this process ever held; getrusage would count its parent's as well."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def measure(path):
    """Every step as the worker does it; the web request is the upload."""
    # Django is set up by now; before that no model can be imported.
    from django.core.files import File  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from imports import runner, services  # noqa: PLC0415

    # No message to a worker: this process does the work, so that it is measured.
    services._publish = lambda run_id: None
    user = User.objects.create(email=f"{path.stem}@example.org", name="Bench", role="manager")

    def work_off(run):
        while runner.advance(run.pk):
            pass
        run.refresh_from_db()
        return run

    idle = peak_megabytes()
    with path.open("rb") as file:
        upload, run = timed(
            lambda: services.start_run(
                actor=user, kind="purchases", upload=File(file, name=path.name)
            )
        )
    found = run.shape["suggested"]
    services.check_run(run=run, actor=user, mapping=found["mapping"], options=found["options"])
    check, run = timed(lambda: work_off(run))
    as_of = dt.date.fromisoformat(run.summary["last_on"])
    services.confirm_run(run=run, actor=user, as_of=as_of)
    apply, run = timed(lambda: work_off(run))
    rows = run.summary["rows"]
    services.undo_run(run=run, actor=user)
    undo, run = timed(lambda: work_off(run))
    peak = peak_megabytes()
    out(
        f"  {rows:,} lines, {run.file_size / 2**20:.1f} MB: upload {upload:.2f} s,"
        f" check {check:.2f} s ({rows / check:,.0f} rows/s),"
        f" apply {apply:.2f} s ({rows / apply:,.0f} rows/s, aim >= 20,000), undo {undo:.2f} s,"
        f" peak {peak} MiB (idle {idle}, aim <= 300), {run.summary['new_clients']:,} clients"
    )


def step(path):
    import django  # noqa: PLC0415 - the parent has chosen the settings and the database

    django.setup()
    logging.disable(logging.WARNING)
    measure(path)


def main():
    if sys.argv[1:2] == [STEP]:
        step(Path(sys.argv[2]))
        return
    database.prepare_environment()
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    with database.fresh(), tempfile.TemporaryDirectory() as folder:
        os.environ["MEDIA_ROOT"] = folder
        if chosen and not chosen.isdigit():
            paths = [Path(chosen)]
        else:
            paths = []
            for rows in [int(chosen)] if chosen else SIZES:
                paths.append(Path(folder) / f"purchases-{rows}.csv")
                write_history(paths[-1], rows)
        for path in paths:
            command = [sys.executable, "-m", "bench.bench_imports", STEP, str(path)]
            subprocess.run(command, check=True)  # noqa: S603 - ourselves


if __name__ == "__main__":
    main()
