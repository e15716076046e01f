from clientgroups.tasks.activities import record_group_sizes, send_activity_invitations
from clientgroups.tasks.groups import derive_lifecycle
from clientgroups.tasks.requests import tick_sla
from clientgroups.tasks.rules import refresh_dynamic_groups
from clientgroups.tasks.touches import (
    purge_deleted_touches,
    remind_follow_ups,
    score_health,
)
from clientgroups.tasks.value import score_rfm

__all__ = [
    "derive_lifecycle",
    "purge_deleted_touches",
    "record_group_sizes",
    "refresh_dynamic_groups",
    "remind_follow_ups",
    "score_health",
    "score_rfm",
    "send_activity_invitations",
    "tick_sla",
]
