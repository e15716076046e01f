from accounts.models.audit import AuditEvent
from accounts.models.job import JobRun
from accounts.models.sent import SentForm
from accounts.models.user import User

__all__ = ["AuditEvent", "JobRun", "SentForm", "User"]
