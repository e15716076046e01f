"""Checked rules as SQL: one statement per rule."""

import datetime as dt
import operator
from functools import reduce

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.permissions import Role
from clientgroups.models import Client, ClientGroup, GroupAccess, Membership
from clientgroups.selectors.among import OneOf
from clientgroups.selectors.rules.conditions import decided
from clientgroups.selectors.rules.fields import Situation
from clientgroups.selectors.rules.tree import leaf_of


def population(owner: User) -> QuerySet[Client]:
    """The clients that a rule of this person may choose from; put away ones never.

    Those they own, and today's members of groups they lead. Clients whom they only view stay out,
    because they would lead the group that chose them. A group that a rule fills counts only as far
    as its owner, somebody else, has the client without any rule. Otherwise a client given away
    would stay in hand for ever: through the person's own rule, or through two people who lead each
    other's groups, each of which holds the client because the other does.
    """
    clients = Client.objects.active()
    if owner.sees_everything:
        return clients
    return clients.filter(Q(owner=owner) | Exists(_listed(owner)) | Exists(_by_rule(owner)))


def _listed(owner: User) -> QuerySet[Membership]:
    groups = GroupAccess.objects.filter(
        user=owner, role=Role.LEAD, client_group__kind=ClientGroup.Kind.STATIC
    )
    return Membership.objects.current().filter(
        client=OuterRef("pk"), client_group__in=groups.values("client_group")
    )


def _by_rule(owner: User) -> QuerySet[Membership]:
    groups = GroupAccess.objects.filter(
        user=owner, role=Role.LEAD, client_group__kind=ClientGroup.Kind.DYNAMIC
    ).exclude(client_group__owner=owner)
    listed = Membership.objects.current().filter(
        client=OuterRef("client"),
        client_group__kind=ClientGroup.Kind.STATIC,
        client_group__access__role=Role.LEAD,
        client_group__access__user=OuterRef("client_group__owner"),
    )
    return Membership.objects.current().filter(
        Q(client_group__owner__is_superuser=True)
        | Q(client_group__owner__role=User.Role.ADMIN)
        | Q(client_group__owner=F("client__owner"))
        | Exists(listed),
        client=OuterRef("pk"),
        client_group__in=groups.values("client_group"),
    )


def may_change_rule(user: User, group: ClientGroup) -> bool:
    """Whether a person may say what a group's rule is: it chooses among the owner's clients."""
    return user.sees_everything or group.owner_id == user.pk


def condition(node: dict, situation: Situation) -> Q:
    """The condition of a checked rule.

    A missing figure makes SQL answer "unknown". Under AND and OR that drops out like "no"; under
    NOT it would not, so a negated part is first made a plain yes or no.
    """
    if "rules" not in node:
        leaf = leaf_of(node)
        return situation.fields[leaf.field].condition(leaf, situation)
    parts = [condition(rule, situation) for rule in node["rules"]]
    if node["op"] == "and":
        return reduce(operator.and_, parts)
    either = reduce(operator.or_, parts)
    return either if node["op"] == "or" else Q(decided(either, no=True))


def matching(
    rule: dict, *, owner: User, today: dt.date, among: list[int] | None = None
) -> QuerySet[Client]:
    """The clients of a person's population that a checked rule holds for on a day.

    `among` asks about some clients only, at the cost of those.
    """
    clients = population(owner)
    if among is not None:
        clients = clients.filter(OneOf("pk", among))
    return clients.filter(condition(rule, Situation(owner, today, among=among))).order_by()
