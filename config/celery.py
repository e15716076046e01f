"""The Celery application and the whole beat schedule: reviewed, versioned and tested like code."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

HEARTBEAT = "config.tasks.heartbeat"
HEARTBEAT_SECONDS = 15

# Seconds between two runs. Every job may run twice, late or together: the rows decide what is due.
EVERY = {
    "accounts.tasks.purge_expired": 3600,
    "clientgroups.tasks.derive_lifecycle": 3600,
    "clientgroups.tasks.purge_deleted_touches": 86400,
    "clientgroups.tasks.record_group_sizes": 3600,
    "clientgroups.tasks.refresh_dynamic_groups": 60,
    "clientgroups.tasks.score_rfm": 60,
    "clientgroups.tasks.remind_follow_ups": 300,
    "clientgroups.tasks.score_health": 900,
    "clientgroups.tasks.send_activity_invitations": 60,
    "clientgroups.tasks.tick_sla": 300,
    HEARTBEAT: HEARTBEAT_SECONDS,
    "feedback.tasks.repair_rollups": 3600,
    "feedback.tasks.send_due_waves": 60,
    "feedback.tasks.sweep_rollups": 60,
    "imports.tasks.continue_imports": 30,
    "notifications.tasks.deliver_pending": 15,
    "notifications.tasks.purge_old": 86400,
    "projects.tasks.echo_done_tasks": 60,
    "projects.tasks.refresh_goal_progress": 300,
    "projects.tasks.remind_due_work": 300,
}

app = Celery("tandem")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["config"])


def beat_schedule():
    """Read when Celery first needs it, because settings import this package while they load."""
    return {
        name: {"task": name, "schedule": min(seconds, settings.BEAT_MAX_INTERVAL)}
        for name, seconds in EVERY.items()
    }


app.add_defaults(lambda: {"beat_schedule": beat_schedule()})
