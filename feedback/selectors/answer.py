"""What the public page needs, found by the token alone; nobody is signed in there."""

from django.db.models import QuerySet
from django.utils import timezone

from core.prepared import prepared
from feedback.models import Invitation, Question, Survey

# What the page shows and what storing an answer needs.
COLUMNS = [
    *("token", "state", "wave__closes_at", "wave__version__frozen_at", "wave__survey__state"),
    *("wave__survey__title_en", "wave__survey__title_zh"),
    *("wave__survey__intro_en", "wave__survey__intro_zh"),
    *("contact__client_id", "contact__name", "contact__email", "contact__language"),
]


def invitation_by_token(token: str) -> Invitation | None:
    """The invitation with its wave, survey, version and contact; one query of few columns."""
    return next(iter(_with_token(token)), None)


@prepared
def _with_token(token: str) -> QuerySet[Invitation]:
    found = Invitation.objects.select_related("wave__survey", "wave__version", "contact")
    return found.only(*COLUMNS).filter(token=token).order_by()


def is_open(invitation: Invitation) -> bool:
    """Whether the link may be answered now: not used, withdrawn, expired or closed."""
    wave = invitation.wave
    return (
        invitation.state in (Invitation.State.WAITING, Invitation.State.SENT)
        and wave.survey.state == Survey.State.OPEN
        and (wave.closes_at is None or wave.closes_at > timezone.now())
    )


def questions_of(invitation: Invitation) -> list[Question]:
    """The questions in order; kept on the version, so that storing answers asks no more."""
    version = invitation.wave.version
    if "asked" not in version.__dict__:
        version.asked = _of_version(version.pk)
    return version.asked


@prepared
def _of_version(version: int) -> QuerySet[Question]:
    return Question.objects.filter(version=version)
