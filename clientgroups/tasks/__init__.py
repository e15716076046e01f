from clientgroups.tasks.activities import send_activity_invitations
from clientgroups.tasks.groups import derive_lifecycle, refresh_dynamic_groups

__all__ = [
    "derive_lifecycle",
    "refresh_dynamic_groups",
    "send_activity_invitations",
]
