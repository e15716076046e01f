from accounts.models.audit import AuditEvent
from accounts.models.job import JobRun
from accounts.models.user import User

__all__ = ["AuditEvent", "JobRun", "User"]
