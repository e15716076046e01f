"""What the public page needs, found by the token alone; nobody is signed in there."""

from django.db.models import prefetch_related_objects
from django.utils import timezone

from feedback.models import Invitation, Question, Survey


def invitation_by_token(token: str) -> Invitation | None:
    """The invitation with its wave, survey, version and client; one query."""
    return (
        Invitation.objects.select_related("wave__survey", "wave__version", "contact__client")
        .defer("wave__survey__search", "contact__client__search")
        .filter(token=token)
        .first()
    )


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
    prefetch_related_objects([version], "questions")
    return list(version.questions.all())
