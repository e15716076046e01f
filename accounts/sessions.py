"""Sessions in the database, as Django keeps them, read by a statement compiled once."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from core.prepared import prepared


@prepared
def living(key: str, now):
    return Session.objects.filter(session_key=key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self):
        found = next(iter(living(self.session_key, timezone.now())), None)
        if found is None:
            self._session_key = None
        return found
