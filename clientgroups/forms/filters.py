import django_filters
from django.db.models import Exists, F, IntegerField, OuterRef, Subquery
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Membership
from clientgroups.selectors.clients import MOST_COUNTED
from core.forms import SearchInput
from core.paging import Sliced
from core.prepared import prepared
from core.search import search_query

STAGES = ("", *Client.Stage.values)


class Counted(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def search(rows, name, text):
    """Rows whose words begin with what was typed; nothing searchable finds nothing."""
    query = search_query(text)
    return rows.filter(search=query) if query is not None else rows.none()


class ClientFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method=search, label=_("Name or customer number"), widget=SearchInput
    )
    # The chips above the form choose it.
    stage = django_filters.ChoiceFilter(choices=Client.Stage, widget=HiddenInput)
    group = django_filters.ModelChoiceFilter(
        queryset=ClientGroup.objects.none(),
        method="in_group",
        label=_("Client group"),
        empty_label=_("All groups"),
    )

    class Meta:
        model = Client
        fields = []

    ORDERS = {
        "name": ("name", "pk"),
        "stage": ("stage", "name", "pk"),
        "purchase_count": ("purchase_count", "name", "pk"),
        "last_purchase_on": (F("last_purchase_on").asc(nulls_last=True), "name", "pk"),
        "-name": ("-name", "-pk"),
        "-stage": ("-stage", "name", "pk"),
        "-purchase_count": ("-purchase_count", "name", "pk"),
        "-last_purchase_on": (F("last_purchase_on").desc(nulls_last=True), "name", "pk"),
    }

    def __init__(self, data, queryset, *, user):
        super().__init__(data, queryset)
        self.filters["group"].queryset = ClientGroup.objects.visible_to(user).active()

    @property
    def ordered(self):
        """What the filters leave, in the order of ?sort=; an unknown one means by name."""
        return self.qs.order_by(*self.ORDERS[order_of(self.data)])

    def in_group(self, rows, name, group):
        member = Membership.objects.current().filter(client=OuterRef("pk"), client_group=group)
        return rows.filter(Exists(member))


def order_of(data):
    asked = data.get("sort")
    return asked if asked in ClientFilter.ORDERS else "name"


def clients_to_page(data, user):
    """The clients that the address leaves, to be counted and cut; fast while it asks a stage."""
    stage = data.get("stage", "")
    if data.get("q") or data.get("group") or stage not in STAGES:
        clients = Client.objects.visible_to(user).select_related("owner")
        rows = ClientFilter(data, clients, user=user).ordered
        return Sliced(lambda: rows[:MOST_COUNTED].count(), lambda *part: rows[slice(*part)])
    order = order_of(data)
    return Sliced(
        lambda: clients_counted(user, (stage,))[0],
        lambda start, stop: clients_shown(user, (stage, order, start, stop)),
    )


def clients_of(user, stage):
    rows = Client.objects.visible_to(user)
    return rows.filter(stage=stage) if stage else rows


@prepared
def clients_counted(user: User, shape: tuple[str]):
    rows = clients_of(user, *shape).order_by()[:MOST_COUNTED].values("pk")
    # Counted outside, so that the count ends at the cap.
    return User.objects.filter(pk=user.pk).order_by().values_list(Counted(rows), flat=True)


@prepared
def clients_shown(user: User, shape: tuple[str, str, int, int]):
    stage, sort, start, stop = shape
    rows = clients_of(user, stage).select_related("owner").defer("search")
    return rows.order_by(*ClientFilter.ORDERS[sort])[start:stop]


@prepared
def groups_named(user: User):
    return ClientGroup.objects.visible_to(user).active().values_list("pk", "name")


class GroupFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method=search, label=_("Name or description"), widget=SearchInput)

    class Meta:
        model = ClientGroup
        fields = []

    ORDERS = {
        "name": ("name", "pk"),
        "-name": ("-name", "-pk"),
        "member_count": ("member_count", "name", "pk"),
        "-member_count": ("-member_count", "name", "pk"),
    }

    @property
    def ordered(self):
        return self.qs.order_by(*self.ORDERS.get(self.data.get("sort"), self.ORDERS["name"]))
