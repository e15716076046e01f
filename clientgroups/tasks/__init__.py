from clientgroups.tasks.activities import record_group_sizes, send_activity_invitations
from clientgroups.tasks.groups import derive_lifecycle
from clientgroups.tasks.rules import refresh_dynamic_groups
from clientgroups.tasks.value import score_rfm

__all__ = [
    "derive_lifecycle",
    "record_group_sizes",
    "refresh_dynamic_groups",
    "score_rfm",
    "send_activity_invitations",
]
