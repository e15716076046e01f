"""Touches: whose are visible, who is overdue, and what the panels of other pages show."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import AuditEvent, User
from accounts.permissions import Role
from clientgroups.models import (
    Client,
    ClientGroup,
    Contact,
    GroupAccess,
    Interaction,
    Membership,
    TouchPlan,
)
from clientgroups.selectors import Part
from clientgroups.selectors.touch_plans import (
    days_sql,
    groups_with_plans,
    late_by,
    part_sql,
    plans_of,
)
from clientgroups.selectors.value_scope import rows_of

SHOWN_IN_PANEL = 5
CHOICES = 200
SOON = 7
DAY = dt.timedelta(days=1)
# What the chips of the list ask for.
OVERDUE, COMING, ALL = "overdue", "coming", "all"


def visible_touch(user: User, pk: int) -> Interaction:
    """A touch of a client the person sees, or 404; deleted ones are gone."""
    rows = Interaction.objects.visible_to(user).kept()
    return get_object_or_404(
        rows.select_related("client", "client__owner", "contact", "by", "follow_up_by"), pk=pk
    )


def touch_event(user: User, pk: int, event: int) -> Part:
    """Something done to a touch that can be taken back; the touch may be deleted by now."""
    rows = Interaction.objects.visible_to(user).select_related("client")
    touch = get_object_or_404(rows, pk=pk)
    found = AuditEvent.objects.filter(
        pk=event,
        target_type=Interaction._meta.label_lower,
        target_id=str(touch.pk),
        verb__in=["touch.deleted", "follow_up.done", "follow_up.snoozed"],
    ).first()
    if found is None:
        raise Http404
    return Part(touch, found)


def people_for(client: Client, actor: User) -> QuerySet[User]:
    """Who may promise something to a client: its owner, those who work for its groups, oneself."""
    groups = client.memberships.current().values("client_group")
    work = [Role.MEMBER, Role.LEAD]
    members = User.objects.filter(
        group_access__client_group__in=groups, group_access__role__in=work
    ).values("pk")
    ids = [actor.pk, client.owner_id]
    people = User.objects.filter(pk__in=members) | User.objects.filter(pk__in=ids)
    return people.filter(is_active=True).order_by("name", "pk")


def works_for(user: User) -> Q | Exists | Value:
    """The condition on a client that the person may log touches with it."""
    if user.sees_everything:
        return Value(value=True)
    work = GroupAccess.objects.filter(user=user, role__in=[Role.MEMBER, Role.LEAD])
    member = Membership.objects.current().filter(
        client=OuterRef("pk"), client_group__in=work.values("client_group")
    )
    return Q(owner=user) | Exists(member)


def loggable(user: User, clients: list[int]) -> set[int]:
    """Those of some clients with whom the person may log a touch: one query for a whole list."""
    rows = Client.objects.filter(works_for(user), pk__in=clients)
    return set(rows.order_by().values_list("pk", flat=True))


def recent_clients(user: User, most: int = 8) -> list[Client]:
    """Clients the person touched last, newest first: most touches are about one of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT client_id FROM clientgroups_interaction WHERE by_id = %s"
            " AND deleted_at IS NULL AND created_at > now() - interval '90 days'"
            " GROUP BY client_id ORDER BY max(id) DESC LIMIT %s",
            [user.pk, most],
        )
        keys = [key for (key,) in cursor.fetchall()]
    found = Client.objects.visible_to(user).active().select_related("owner").in_bulk(keys)
    return [found[key] for key in keys if key in found]


@dataclass
class Due:
    """A client with the day by which the next touch is due, and why."""

    client: Client
    plan: TouchPlan
    group: ClientGroup | None  # None: one that the reader does not see
    due_on: dt.date
    last_touch_on: dt.date | None
    late: int
    contact: Contact | None = None
    channel: str = ""
    may_log: bool = False


@dataclass(frozen=True)
class Wanted:
    """What the list of due touches is narrowed to."""

    show: str = OVERDUE
    group: int = 0
    owner: int = 0
    stage: str = ""


class DueTouches:
    """The list as a paginator reads it: a slice and the number of all lines, in one statement.

    The day is worked out for every client the person sees, before anything is cut off, so that the
    page is right whatever group, owner or stage is asked for.
    """

    def __init__(self, user: User, today: dt.date, wanted: Wanted):
        self.user, self.today, self.wanted = user, today, wanted
        self._count: int | None = None
        self._read: dict[tuple, list] = {}

    def count(self) -> int:
        if self._count is None:
            days, conditions, params = self._days()
            sql = f"SELECT count(*) FROM ({days}) days{conditions}"  # noqa: S608 - our own pieces
            self._count = rows_of(sql, params)[0][0]
        return self._count

    __len__ = count

    def read(self, start: int, stop: int) -> "DueTouches":
        """Fetch a part beforehand; the number of all lines comes along with it."""
        days, conditions, params = self._days()
        rows = rows_of(part_sql(days, conditions), [*params, start, stop - start])
        if rows or not start:
            self._count = rows[0][-1] if rows else 0
        self._read[start, stop] = [row[:-1] for row in rows]
        return self

    def __getitem__(self, part: slice) -> list[Due]:
        start, stop = part.start or 0, part.stop
        found = next((rows for (first, last), rows in self._read.items()
                      if first == start and last >= stop), None)  # fmt: skip
        if found is None:
            found = self.read(start, stop)._read[start, stop]
        return _filled(found[: stop - start], self.today, self.user)

    def _days(self):
        """(statement of the days, what narrows them, parameters of both)."""
        tests, values = ["TRUE"], []
        if not self.user.sees_everything:
            visible = Client.objects.visible_to(self.user).active().order_by().values("pk")
            self._inside(tests, values, "m.client_id", visible)
        self._whose(tests, values)
        until = {OVERDUE: self.today - DAY, COMING: self.today + SOON * DAY}.get(self.wanted.show)
        days = days_sql(only=" AND ".join(tests), until=until is not None)
        if until is not None:
            values.append(until)
        if self.wanted.show != COMING:
            return days, "", values
        return days, " WHERE days.due_on >= %s", [*values, self.today]

    def _whose(self, tests, values):
        """Conditions on clients, which leave all plans of a client or none."""
        wanted = self.wanted
        if wanted.group:
            # Who is in a group is for those to know who see the group.
            group = ClientGroup.objects.visible_to(self.user).filter(pk=wanted.group)
            members = Membership.objects.current().filter(client_group__in=group.values("pk"))
            self._inside(tests, values, "m.client_id", members.order_by().values("client"))
        for column, value in (("c.owner_id", wanted.owner), ("c.stage", wanted.stage)):
            if value:
                tests.append(f"{column} = %s")
                values.append(value)

    def _inside(self, tests, values, column, rows):
        sql, params = rows.query.sql_with_params()
        tests.append(f"{column} IN ({sql})")
        values += params


def _filled(rows, today, user):
    """The rows behind the keys, and whom to turn to: three queries for any number of lines."""
    if not rows:
        return []
    clients = Client.objects.select_related("owner").annotate(may_log=_yes(works_for(user)))
    clients = clients.in_bulk([row[0] for row in rows])
    seen = Exists(ClientGroup.objects.visible_to(user).filter(pk=OuterRef("client_group")))
    plans = TouchPlan.objects.select_related("client_group").annotate(seen=_yes(seen))
    plans = plans.in_bulk({row[1] for row in rows})
    contacts: dict[int, list[Contact]] = {}
    for contact in Contact.objects.filter(client__in=clients, is_active=True).order_by("pk"):
        contacts.setdefault(contact.client_id, []).append(contact)
    found = []
    for client, plan, due_on, last in rows:
        contact, channel = next_contact(contacts.get(client, []))
        found.append(
            Due(
                client=clients[client],
                plan=plans[plan],
                group=plans[plan].client_group if plans[plan].seen else None,
                due_on=due_on,
                last_touch_on=last,
                late=late_by(due_on, today),
                contact=contact,
                channel=channel,
                may_log=clients[client].may_log,
            )
        )
    return found


def _yes(condition):
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


# Ways to reach somebody, the most personal first.
CHANNELS = ("phone", "chat", "email", "post")


def next_contact(contacts: list[Contact]) -> tuple[Contact | None, str]:
    """Whom to turn to, and by which channel: one they prefer and agreed to, else any agreed to.

    Without anybody who agrees, the first contact and no channel: the page says so.
    """
    for contact in contacts:
        channel = contact.preferred_channel
        if channel and contact.agrees_to(channel):
            return contact, channel
    for contact in contacts:
        for channel in CHANNELS:
            if contact.agrees_to(channel):
                return contact, channel
    return (contacts[0] if contacts else None), ""


def filter_choices(user: User) -> tuple[list, list]:
    """(groups with a plan, owners of clients) that the person may narrow the list to: one query."""
    groups = groups_with_plans(user).order_by().values_list(Value("g"), "pk", "name")[:CHOICES]
    owners = User.objects.filter(
        pk__in=Client.objects.visible_to(user).active().order_by().values("owner")
    )
    people = owners.order_by().values_list(Value("p"), "pk", "name")[:CHOICES]
    found = sorted(groups.union(people, all=True), key=lambda row: row[2])
    return [row[1:] for row in found if row[0] == "g"], [row[1:] for row in found if row[0] == "p"]


def overdue_count(user: User, today: dt.date) -> int:
    """How many clients of the person should have been touched by now."""
    return DueTouches(user, today, Wanted()).count()


def group_panel(group: ClientGroup, user: User, today: dt.date) -> dict:
    """The touch plans of a group and its most overdue clients, for the page of the group."""
    due = DueTouches(user, today, Wanted(group=group.pk)).read(0, SHOWN_IN_PANEL)
    return {
        "group": group,
        "plans": list(plans_of(group)),
        "overdue": due[0:SHOWN_IN_PANEL],
        "overdue_count": due.count(),
    }
