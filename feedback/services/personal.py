"""What surveys keep about a client, for the registers of the app below."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client
from clientgroups.selectors.personal import (
    PersonalData,
    on_clients_changed,
    on_mails,
    register,
)
from feedback.models import Answer, Invitation, Response
from feedback.models.wave import new_token
from feedback.scoring import mark_responses

DASH = "–"


def answer_rows(client: Client) -> Iterable[dict]:
    """Every answer with its question, oldest first."""
    rows = Answer.objects.filter(client=client).order_by("response_id", "pk")
    return rows.values(
        "response_id",
        "survey__name",
        "responded_on",
        "question__text_en",
        "metric",
        "score",
        "text",
        "response__contact_id",
        "response__mode",
        "response__submitted_at",
    )


def erase_answers(client: Client) -> int:
    """Scores stay, for they are counted; what somebody wrote in their own words does not."""
    return Answer.objects.filter(client=client).exclude(text="").update(text=DASH)


def invitation_rows(client: Client) -> Iterable[dict]:
    rows = Invitation.objects.filter(contact__client=client).order_by("pk")
    return rows.values("id", "wave__name", "contact_id", "state", "sent_at", "answered_at")


def erase_invitations(client: Client) -> int:
    """Links that were sent out stop working."""
    rows = Invitation.objects.filter(contact__client=client)
    for pk in rows.values_list("pk", flat=True):
        Invitation.objects.filter(pk=pk).update(token=new_token())
    return rows.count()


def mark_scores(clients: list[int]) -> None:
    """Scores to which answers of these clients count are worked out anew."""
    rows = Response.objects.filter(client__in=clients).values_list("pk", flat=True)
    mark_responses(rows)


def mail_keys(client: Client) -> Iterable[str]:
    """Mails that asked a contact of the client."""
    rows = Invitation.objects.filter(contact__client=client).values_list("pk", flat=True)
    return [f"survey.invitation:{pk}" for pk in rows]


register(PersonalData("answers", _("Survey answers"), answer_rows, erase_answers))
register(PersonalData("invitations", _("Survey invitations"), invitation_rows, erase_invitations))
on_clients_changed(mark_scores)
on_mails(mail_keys)
