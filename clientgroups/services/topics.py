"""What a touch may be about besides the client: a register that apps above fill.

The form offers one field per topic; the app that registered it keeps the link in its own table.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from clientgroups.models import Client, Interaction


@dataclass(frozen=True)
class Topic:
    """A kind of row that a touch can be about, such as a project."""

    key: str
    label: str
    empty: str
    choices: Callable[[Client, User], QuerySet]
    current: Callable[[Interaction], object]
    # link(interaction=…, row=… or None, actor=…) writes or takes away the link.
    link: Callable[..., None]


TOPICS: dict[str, Topic] = {}


def register_topic(topic: Topic) -> None:
    """Add a topic; the same key again replaces it."""
    TOPICS[topic.key] = topic
