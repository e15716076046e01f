"""What rules may ask about the relationship with a client, and about other groups."""

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import ClientGroup, Membership, ServiceRequest
from clientgroups.selectors.rules.fields import Field, Leaf, Situation, column, register_field
from clientgroups.selectors.rules.together import figure_holds, in_question

DONE = (ServiceRequest.Status.RESOLVED, ServiceRequest.Status.CLOSED)
GONE = _("this group was deleted or put away, or its owner may not see it. Choose another one.")


def open_requests(leaf: Leaf, situation: Situation) -> object:
    rows = ServiceRequest.objects.filter(client=OuterRef("pk")).exclude(status__in=DONE)
    counted = rows.order_by().values("client").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def requests_hold(leaf: Leaf, situation: Situation) -> Q:
    rows = in_question(ServiceRequest.objects.exclude(status__in=DONE), situation)
    return figure_holds(rows.values("client").annotate(figure=Count("pk")), leaf, nothing=0)


def in_group(leaf: Leaf, situation: Situation) -> object:
    rows = Membership.objects.current().filter(client=OuterRef("pk"))
    return Exists(rows.filter(client_group__in=leaf.values))


def was_in_group(leaf: Leaf, situation: Situation) -> object:
    rows = Membership.objects.filter(client=OuterRef("pk"), client_group__in=leaf.values)
    return Exists(rows)


def groups(user: User) -> list:
    """Groups that the person sees and that are in use."""
    found = ClientGroup.objects.visible_to(user).active().order_by("name")
    return list(found.values_list("pk", "name"))


for _entry in (
    Field(
        "last_touch",
        _("Last touch"),
        "date",
        column("last_touch_on"),
        section="care",
        subject=_("the last touch"),
    ),
    Field(
        "engagement",
        _("Engagement score"),
        "number",
        column("engagement"),
        section="care",
        subject=_("the engagement score"),
    ),
    Field(
        "health",
        _("Client health"),
        "number",
        column("health"),
        section="care",
        subject=_("the health of the client"),
    ),
    Field(
        "open_requests",
        _("Open service requests"),
        "number",
        open_requests,
        holds=requests_hold,
        section="care",
        subject=_("the number of open service requests"),
        optional=False,
    ),
    Field(
        "group",
        _("Client is in a group"),
        "group",
        in_group,
        groups,
        section="groups",
        gone=GONE,
        phrases={
            "is": _("the client is in the group %(value)s"),
            "is_not": _("the client is not in the group %(value)s"),
            "one_of": _("the client is in one of the groups %(value)s"),
            "none_of": _("the client is in none of the groups %(value)s"),
        },
    ),
    Field(
        "group_ever",
        _("Client was ever in a group"),
        "group",
        was_in_group,
        groups,
        section="groups",
        gone=GONE,
        phrases={
            "is": _("the client is or was in the group %(value)s"),
            "is_not": _("the client was never in the group %(value)s"),
            "one_of": _("the client is or was in one of the groups %(value)s"),
            "none_of": _("the client was never in any of the groups %(value)s"),
        },
    ),
):
    register_field(_entry)
