from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Contact, Membership
from core import stats
from feedback.models import Invitation, Survey, Wave

NAMES_SHOWN = 50


def visible_wave(user: User, survey_pk: int, pk: int) -> Wave:
    """The wave of a survey the person may see, or 404."""
    waves = Wave.objects.filter(survey__in=Survey.objects.visible_to(user))
    rows = waves.select_related("survey__client_group", "survey__project", "version")
    wave = rows.filter(survey=survey_pk, pk=pk).first()
    if wave is None:
        raise Http404
    return wave


def visible_invitation(user: User, survey_pk: int, wave_pk: int, pk: int) -> Invitation:
    """An invitation of a wave the person may see, or 404."""
    wave = visible_wave(user, survey_pk, wave_pk)
    invitation = wave.invitations.select_related("contact__client").filter(pk=pk).first()
    if invitation is None:
        raise Http404
    invitation.wave = wave
    return invitation


def contacts_of(group: ClientGroup) -> QuerySet:
    """Contacts of the clients that are in the group today and not put away."""
    members = Membership.objects.current().filter(client_group=group, client=OuterRef("client"))
    return Contact.objects.filter(Exists(members), client__archived_at=None)


@dataclass
class LeftOut:
    """Who will not be asked for one reason: how many, and the first names."""

    reason: str
    count: int
    names: list[str] = field(default_factory=list)

    @property
    def more(self):
        return self.count - len(self.names)


@dataclass
class Audience:
    """Who a wave will ask, and who not."""

    askable: int
    clients: int
    english: int
    chinese: int
    left_out: list[LeftOut]


def audience(group: ClientGroup) -> Audience:
    """Count who can be asked and say why others cannot; the same few queries for any size."""
    contacts = contacts_of(group)
    askable = contacts.askable()
    reasons = {
        "inactive": contacts.filter(is_active=False),
        "no_email": contacts.filter(is_active=True, email=""),
        "no_consent": contacts.filter(is_active=True, email_consent=False).exclude(email=""),
    }
    figures = contacts.aggregate(
        askable=Count("pk", filter=Q(pk__in=askable.values("pk"))),
        clients=Count("client", distinct=True, filter=Q(pk__in=askable.values("pk"))),
        **{key: Count("pk", filter=Q(pk__in=rows.values("pk"))) for key, rows in reasons.items()},
    )
    members = Membership.objects.current().filter(client_group=group, client=OuterRef("pk"))
    alone = Client.objects.filter(Exists(members), archived_at=None).exclude(
        Exists(Contact.objects.filter(client=OuterRef("pk")))
    )
    left_out = [
        LeftOut(key, figures[key], _names(rows, "client__name")) for key, rows in reasons.items()
    ]
    left_out.append(LeftOut("no_contact", alone.count(), _names(alone)))
    rows = askable.order_by().values_list("language").annotate(times=Count("pk"))
    languages = dict(rows)
    return Audience(
        figures["askable"],
        figures["clients"],
        languages.get("en", 0),
        languages.get("zh-hans", 0),
        [row for row in left_out if row.count],
    )


def _names(rows, *more):
    names = rows.order_by("name", "pk").values_list("name", *more)[:NAMES_SHOWN]
    return [" · ".join(parts) for parts in names]


@dataclass
class WaveFigures:
    """What became of the invitations; the rate counts those that were delivered or answered."""

    total: int
    waiting: int
    sent: int
    answered: int
    revoked: int

    @property
    def delivered(self):
        return self.sent + self.answered

    @property
    def rate(self):
        return 100 * self.answered / self.delivered if self.delivered else None

    @property
    def bounds(self):
        """The 95 % interval of the rate in per cent, or None."""
        found = stats.wilson(self.answered, self.delivered)
        return found and (100 * found[0], 100 * found[1])

    @property
    def half_width(self):
        return self.bounds and (self.bounds[1] - self.bounds[0]) / 2


def figures_of_waves(waves: list[Wave]) -> dict[int, WaveFigures]:
    """Figures for each wave in one query."""
    rows = (
        Invitation.objects.filter(wave__in=waves)
        .order_by()
        .values_list("wave", "state")
        .annotate(times=Count("pk"))
    )
    found = {wave.pk: dict.fromkeys(Invitation.State.values, 0) for wave in waves}
    for wave, state, times in rows:
        found[wave][state] = times
    return {pk: WaveFigures(sum(counts.values()), **counts) for pk, counts in found.items()}
