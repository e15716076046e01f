"""What the public page needs, found by the token alone; nobody is signed in there."""

from django.utils import timezone

from feedback.models import Invitation, Survey


def invitation_by_token(token: str) -> Invitation | None:
    """The invitation with its wave, survey, version, client and questions; two queries."""
    return (
        Invitation.objects.select_related("wave__survey", "wave__version", "contact__client")
        .defer("wave__survey__search", "contact__client__search")
        .prefetch_related("wave__version__questions")
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
