"""What is worth saying about single lines of a file: all counted, the first ones kept."""

from collections import Counter
from typing import NamedTuple

ERROR, NOTE = "error", "warning"
KEPT = 1000
# Between a sentence and the field it speaks of, in the names of counts.
FIELD = "\x1f"
KEPT_PER_MESSAGE = 300


class Issue(NamedTuple):
    """A sentence about one line or key: an error leaves it out, a note does not."""

    severity: str
    line: int | None
    place: str
    value: str
    message: str
    params: dict


class IssueLog:
    """Counts every issue by its sentence and keeps enough of them to act on.

    A long check is cut into pieces: `counts` and `errors` travel between them as plain data.
    """

    def __init__(self, counts=None, errors=0):
        self.counts = Counter(counts or {})
        self.errors = errors
        self.fresh = []

    def add(self, severity, message, *, line=None, place="", value="", **params):
        key = f"{message}{FIELD}{params['field']}" if "field" in params else message
        self.count(severity, key)
        if self.counts[key] <= KEPT_PER_MESSAGE and sum(self.counts.values()) <= KEPT * 5:
            self.fresh.append(Issue(severity, line, place[:120], value[:200], message, params))

    def count(self, severity, message, times=1):
        if times <= 0:
            return
        self.counts[message] += times
        self.errors += times if severity == ERROR else 0

    def drain(self):
        """The issues since the last call."""
        fresh, self.fresh = self.fresh, []
        return fresh
