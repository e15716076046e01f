"""What others wrote down, in which the name of a client may stand: only that name goes."""

from collections.abc import Iterable

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from clientgroups.models import (
    Client,
    Finding,
    Interaction,
    LifecycleChange,
    RequestMessage,
    ServiceRequest,
)
from clientgroups.selectors.personal import PersonalData, register, words_of
from clientgroups.services.personal_scrub import scrub_rows

TEXTS = {
    Client: ["note"],
    Interaction: ["summary", "text", "follow_up_note"],
    ServiceRequest: ["subject", "text", "outcome", "rating_text"],
    RequestMessage: ["text"],
    LifecycleChange: ["reason"],
    Finding: ["title", "text"],
}


def scrub_tables(client: Client, texts: dict[type[Model], list[str]]) -> int:
    """Take the name of a client out of columns of whole tables; how many rows changed."""
    words = words_of(client)
    return sum(scrub_rows(model._base_manager.all(), each, words) for model, each in texts.items())


def no_rows(_client: Client) -> Iterable[dict]:
    """They are about others, so they are not handed out with this client."""
    return ()


def erase_elsewhere(client: Client) -> int:
    return scrub_tables(client, TEXTS)


register(PersonalData("elsewhere", _("Notes about other clients"), no_rows, erase_elsewhere))
