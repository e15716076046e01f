from contextlib import contextmanager
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import JobRun


@dataclass
class Run:
    """What a job tells about itself while it runs."""

    rows: int | None = None


@contextmanager
def job(name):
    """Record the run of a scheduled job: `with job("app.tasks.name") as run: run.rows = …`."""
    started = timezone.now()
    run = Run()
    error = ""
    try:
        yield run
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"[:2000]
        raise
    finally:
        JobRun.objects.update_or_create(
            name=name,
            defaults={
                "started_at": started,
                "finished_at": timezone.now(),
                "rows": run.rows,
                "error": error,
            },
        )
