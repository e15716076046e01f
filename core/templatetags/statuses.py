"""How a state looks: its tone, its icon and its word. Colour never stands alone."""

from django.utils.translation import gettext_lazy as _

OK, RISK, LATE, INFO, QUIET, VIOLET = "ok", "risk", "late", "info", "done", "violet"

LOOKS = {
    # pace of a goal
    "on_track": (OK, "circle-check", _("On track")),
    "at_risk": (RISK, "alert-triangle", _("At risk")),
    "behind": (LATE, "clock", _("Behind")),
    "unknown": (QUIET, "help-circle", _("Too little data")),
    # life of goals, projects, tasks
    "done": (QUIET, "check", _("Done")),
    "draft": (QUIET, "pencil", _("Draft")),
    "achieved": (OK, "trophy", _("Achieved")),
    "missed": (LATE, "circle-x", _("Missed")),
    "cancelled": (QUIET, "ban", _("Cancelled")),
    "planned": (QUIET, "calendar-event", _("Planned")),
    "active": (OK, "player-play", _("Active")),
    "on_hold": (RISK, "player-pause", _("On hold")),
    "closed": (QUIET, "lock", _("Closed")),
    "archived": (QUIET, "archive", _("Archived")),
    "todo": (QUIET, "circle-dashed", _("To do")),
    "doing": (INFO, "progress", _("In progress")),
    # surveys, waves, invitations, messages
    "open": (OK, "circle-dot", _("Open")),
    "scheduled": (INFO, "calendar-time", _("Scheduled")),
    "sending": (INFO, "send", _("Being sent")),
    "sent": (OK, "mail-forward", _("Sent")),
    "waiting": (QUIET, "hourglass", _("Waiting")),
    "leased": (INFO, "send", _("Being sent")),
    "parked": (LATE, "alert-circle", _("Given up")),
    "answered": (OK, "circle-check", _("Answered")),
    "revoked": (QUIET, "ban", _("Withdrawn")),
    # imports
    "reading": (INFO, "loader-2", _("Being read")),
    "uploaded": (RISK, "table", _("Waiting for the mapping")),
    "checking": (INFO, "loader-2", _("Being checked")),
    "checked": (RISK, "eye", _("Waiting for your decision")),
    "applying": (INFO, "loader-2", _("Being imported")),
    "applied": (OK, "circle-check", _("Imported")),
    "undoing": (INFO, "loader-2", _("Being undone")),
    "undone": (QUIET, "arrow-back-up", _("Undone")),
    "failed": (LATE, "alert-circle", _("Failed")),
    "error": (LATE, "alert-circle", _("Left out")),
    "warning": (RISK, "alert-triangle", _("Note")),
    # lifecycle of a client
    "potential": (INFO, "user-plus", _("Potential")),
    "existing": (OK, "user-check", _("Existing")),
    "loyal": (VIOLET, "heart-handshake", _("Loyal")),
    "lapsed": (RISK, "user-minus", _("Lapsed")),
}
UNKNOWN = (QUIET, "point")


def look_of(value):
    """(tone, icon, word) of a state; one that nobody described shows its own name."""
    key = str(getattr(value, "value", value) or "")
    return LOOKS.get(key) or (*UNKNOWN, key.replace("_", " "))
