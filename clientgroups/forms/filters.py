import django_filters
from django.db.models import F
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from clientgroups.models import ClientGroup
from core.forms import SearchInput
from core.search import search_query


def search(rows, name, text):
    """Rows whose words begin with what was typed; nothing searchable finds nothing."""
    query = search_query(text)
    return rows.filter(search=query) if query is not None else rows.none()


class GroupFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method=search, label=_("Name or description"), widget=SearchInput)
    # The chips above the form choose it.
    kind = django_filters.CharFilter(method="of_kind", widget=HiddenInput)

    class Meta:
        model = ClientGroup
        fields = []

    ORDERS = {
        "name": ("name", "pk"),
        "-name": ("-name", "-pk"),
        "member_count": ("member_count", "name", "pk"),
        "-member_count": ("-member_count", "name", "pk"),
        "refreshed_at": (F("refreshed_at").asc(nulls_first=True), "name", "pk"),
        "-refreshed_at": (F("refreshed_at").desc(nulls_last=True), "name", "pk"),
        "owner": ("owner__name", "name", "pk"),
        "-owner": ("-owner__name", "name", "pk"),
    }

    def __init__(self, data, queryset, *, user):
        super().__init__(data, queryset)
        self.user = user

    @property
    def ordered(self):
        rows = self.qs if self.data.get("kind") == "archived" else self.qs.active()
        return rows.order_by(*self.ORDERS.get(self.data.get("sort"), self.ORDERS["name"]))

    def of_kind(self, rows, name, kind):
        kept = {
            "dynamic": {"kind": "dynamic"},
            "static": {"kind": "static"},
            "mine": {"owner": self.user},
            "archived": {"archived_at__isnull": False},
        }
        if kind == "problem":
            return rows.exclude(problem="")
        return rows.filter(**kept.get(kind, {}))
