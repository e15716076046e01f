import django_filters
from django.db.models import Exists, F, OuterRef
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client, ClientGroup, Membership
from core.forms import SearchInput
from core.search import search_query


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
        return self.qs.order_by(*self.ORDERS.get(self.data.get("sort"), self.ORDERS["name"]))

    def in_group(self, rows, name, group):
        member = Membership.objects.current().filter(client=OuterRef("pk"), client_group=group)
        return rows.filter(Exists(member))


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
