"""Activities as pages read them: lists, figures, and the people who were asked."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.permissions import Role
from clientgroups.models import Activity, ActivityInvitation, Client, ClientGroup, Membership
from core import stats
from core.search import search_query

SHOWN_IN_GROUP = 6
# The mail of an invitation is found by its key, see services.activity_mails: the address of the
# contact may have been corrected since.
FIGURES = """
SELECT i.activity_id,
       count(*),
       count(*) FILTER (WHERE i.sent_at IS NOT NULL),
       count(*) FILTER (WHERE m.state = 'parked'),
       count(*) FILTER (WHERE m.state IN ('waiting', 'leased')),
       count(*) FILTER (WHERE i.answer <> 'none'),
       count(*) FILTER (WHERE i.answer <> 'none' AND i.sent_at IS NOT NULL
                          AND COALESCE(m.state, 'sent') = 'sent'),
       count(*) FILTER (WHERE i.answer = 'accepted'),
       count(*) FILTER (WHERE i.answer = 'waiting'),
       count(*) FILTER (WHERE i.answer = 'declined'),
       count(*) FILTER (WHERE i.attended),
       count(*) FILTER (WHERE i.answer = 'accepted' AND i.attended IS NOT NULL),
       count(*) FILTER (WHERE i.answer = 'accepted' AND i.attended),
       count(*) FILTER (WHERE i.reminded_at IS NOT NULL),
       count(*) FILTER (WHERE i.sent_at IS NOT NULL AND i.answer = 'none'
                          AND i.reminded_at IS NULL)
  FROM clientgroups_activityinvitation i
  LEFT JOIN notifications_message m ON m.dedupe_key = 'activity.invitation:' || i.id
 WHERE i.activity_id = ANY(%s)
 GROUP BY i.activity_id
"""


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % Wilson interval; all None when nothing was observed."""

    k: int
    n: int

    @property
    def share(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return stats.wilson(self.k, self.n)


@dataclass(frozen=True)
class Figures:
    """What came of the invitations of one activity."""

    invited: int = 0
    asked: int = 0
    failed: int = 0
    on_the_way: int = 0
    answered: int = 0
    answered_of_delivered: int = 0
    accepted: int = 0
    waiting: int = 0
    declined: int = 0
    came: int = 0
    accepted_and_noted: int = 0
    accepted_and_came: int = 0
    reminded: int = 0
    to_remind: int = 0

    @property
    def delivered(self) -> int:
        return self.asked - self.failed - self.on_the_way

    @property
    def unsent(self) -> int:
        return self.invited - self.asked

    @property
    def pending(self) -> int:
        """Mails that are stored or still to be stored, and not yet out."""
        return self.on_the_way + self.unsent

    @property
    def response(self) -> Rate:
        """Answers out of those whom the invitation reached."""
        return Rate(self.answered_of_delivered, self.delivered)

    @property
    def attendance(self) -> Rate:
        """Who came out of those who accepted and for whom it was noted."""
        return Rate(self.accepted_and_came, self.accepted_and_noted)


def figures_by_activity(pks: Iterable[int]) -> dict[int, Figures]:
    """Figures of those activities that have invitations; one query."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, [list(pks)])
        return {pk: Figures(*numbers) for pk, *numbers in cursor.fetchall()}


def figures_of(activity: Activity) -> Figures:
    """Figures of one activity; one query."""
    return figures_by_activity([activity.pk]).get(activity.pk, Figures())


def activity_rows(user: User) -> QuerySet[Activity]:
    """Activities the person sees, for lists; order them by `BY_TIME`."""
    return Activity.objects.visible_to(user).select_related("client_group", "owner")


# What comes next and what has no time yet stand before what is over.
BY_TIME = (F("starts_at").desc(nulls_first=True), "-pk")


def with_figures(activities: Iterable[Activity]) -> list[Activity]:
    """Give each activity its `figures`; one query for all."""
    rows = list(activities)
    found = figures_by_activity([row.pk for row in rows]) if rows else {}
    for row in rows:
        row.figures = found.get(row.pk, Figures())
    return rows


def groups_to_plan_for(user: User) -> QuerySet[ClientGroup]:
    """Groups in which the person may plan activities."""
    groups = ClientGroup.objects.active().order_by("name")
    if user.sees_everything:
        return groups
    return groups.filter(access__user=user, access__role=Role.LEAD)


def group_panel(group: ClientGroup, user: User) -> dict:
    """The latest activities the person sees that a group plans or is asked to; two queries."""
    reached = Activity.audience.through.objects.filter(
        activity=OuterRef("pk"), clientgroup=group.pk
    )
    rows = activity_rows(user).filter(Q(client_group=group) | Exists(reached)).order_by(*BY_TIME)
    return {"activities": with_figures(rows[:SHOWN_IN_GROUP])}


def visible_activity(user: User, pk: int) -> Activity:
    """The activity, or 404 when the person holds no role in its group."""
    rows = activity_rows(user)
    return get_object_or_404(rows, pk=pk)


# The people who were asked -----------------------------------------------------------------------

LISTS = {
    "all": Q(),
    "unasked": Q(sent_at=None),
    "silent": Q(sent_at__isnull=False, answer="none"),
    "accepted": Q(answer="accepted"),
    "waiting": Q(answer="waiting"),
    "declined": Q(answer="declined"),
    "came": Q(attended=True),
    "unnoted": Q(answer="accepted", attended=None),
}


def other_groups(activity: Activity, user: User) -> tuple[list[ClientGroup], int]:
    """The further groups of the audience that the person sees, and how many others there are."""
    seen = list(ClientGroup.objects.visible_to(user).filter(pk__in=activity.audience.all()))
    return sorted(seen, key=lambda group: group.name), activity.audience.count() - len(seen)


def _known_to(user, rows):
    """Invitations of clients the person sees, or saw in their groups until they were put away."""
    visible = Client.objects.visible_to(user).filter(pk=OuterRef("client"))
    rows = rows.annotate(may_open=Exists(visible))
    if user.sees_everything:
        return rows
    left = TruncDate(F("client__archived_at") - dt.timedelta(days=1))
    with_it = Membership.objects.filter(
        client_group__in=ClientGroup.objects.visible_to(user),
        client=OuterRef("client"),
        valid_to__gte=left,
    )
    return rows.filter(Q(may_open=True) | Exists(with_it))


def unseen_of(activity: Activity, user: User, *, which: str = "all") -> int:
    """How many people of a list belong to clients that the person does not see.

    Not narrowed by a search: that would tell the names.
    """
    rows = activity.invitations.filter(LISTS[which])
    return rows.count() - _known_to(user, rows).count()


def people_of(
    activity: Activity, user: User, *, which: str = "all", text: str = ""
) -> QuerySet[ActivityInvitation]:
    """Invitations of known clients; `may_open` says whether the person may open the client."""
    rows = activity.invitations.select_related("client", "contact").filter(LISTS[which])
    rows = _known_to(user, rows)
    if text.strip():
        query = search_query(text)
        by_client = Q(client__search=query) if query is not None else Q(pk=None)
        rows = rows.filter(by_client | Q(contact__name__icontains=text.strip()))
    return rows.order_by("client__name", "contact__name", "pk")


def to_tell_by_hand(activity: Activity, user: User) -> QuerySet[ActivityInvitation]:
    """Who accepted or waits and cannot be mailed, so that somebody has to tell them."""
    unreachable = (
        Q(contact__email="")
        | Q(contact__email_consent=False)
        | Q(contact__is_active=False)
        | Q(client__archived_at__isnull=False)
    )
    rows = activity.invitations.filter(
        unreachable, answer__in=["accepted", "waiting"], client__erased_at=None
    )
    return (
        _known_to(user, rows)
        .select_related("client", "contact")
        .order_by("client__name", "contact__name", "pk")
    )


def invitation_by_token(token: str) -> ActivityInvitation | None:
    """The invitation of a personal link whose activity is no draft again, or None."""
    rows = ActivityInvitation.objects.select_related(
        "activity__owner", "activity__client_group", "contact", "client"
    )
    found = rows.filter(token=token, client__erased_at=None).first() if token else None
    if found is None or found.activity.status == Activity.Status.DRAFT:
        return None
    return found
