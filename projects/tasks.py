from celery import shared_task

from accounts.jobs import job
from projects.services import reminders
from projects.services.goals import refresh_progress
from projects.services.request_tasks import echo_done_tasks as echo


@shared_task(acks_late=True)
def echo_done_tasks() -> int:
    """Beat, each minute: requests hear that the task made of them is done. Told once each."""
    with job("projects.tasks.echo_done_tasks") as run:
        run.rows = echo()
    return run.rows


@shared_task(acks_late=True)
def refresh_goal_progress() -> int:
    """Beat, every five minutes: time alone makes a goal late. Safe to run twice or late."""
    with job("projects.tasks.refresh_goal_progress") as run:
        run.rows = refresh_progress()
    return run.rows


@shared_task(acks_late=True)
def remind_due_work() -> int:
    """Beat, every five minutes. Each due date reminds its assignee once, however often it runs."""
    with job("projects.tasks.remind_due_work") as run:
        run.rows = reminders.remind_due_work()
    return run.rows
