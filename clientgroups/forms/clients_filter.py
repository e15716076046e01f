"""The filters of the client list. What most people open, a stage or none, is compiled once."""

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.forms.clients import PREFIX, custom_input
from clientgroups.forms.tags import TagInput
from clientgroups.models import (
    Client,
    ClientGroup,
    Contact,
    CustomField,
    Membership,
    Tag,
)
from clientgroups.selectors import client_health
from clientgroups.selectors.among import Among
from clientgroups.selectors.clients import MOST_COUNTED
from clientgroups.selectors.clients_custom import clean_value
from clientgroups.selectors.typeahead import few_of, walked
from clientgroups.services.tags import split_names
from core.forms import SearchInput
from core.paging import Sliced
from core.prepared import prepared
from core.search import search_query

STAGES = ("", *Client.Stage.values)
BANDS = [*((key, band[0]) for key, band in client_health.BANDS.items()), ("none", _("Unknown"))]
ORDERS = {
    "name": ("name", "pk"),
    "stage": ("stage", "name", "pk"),
    "health": (F("health").asc(nulls_last=True), "name", "pk"),
    "purchase_count": ("purchase_count", "name", "pk"),
    "last_purchase_on": (F("last_purchase_on").asc(nulls_last=True), "name", "pk"),
    "last_touch_on": (F("last_touch_on").asc(nulls_last=True), "name", "pk"),
    "-name": ("-name", "-pk"),
    "-stage": ("-stage", "name", "pk"),
    "-health": (F("health").desc(nulls_last=True), "name", "pk"),
    "-purchase_count": ("-purchase_count", "name", "pk"),
    "-last_purchase_on": (F("last_purchase_on").desc(nulls_last=True), "name", "pk"),
    "-last_touch_on": (F("last_touch_on").desc(nulls_last=True), "name", "pk"),
}
# What a page of the list needs of a row; the vectors and notes stay in the database.
HEAVY = ("search", "note", "custom", "name_key", "address")
PLAIN = {"stage", "sort", "page"}
# Pages up to here are soon found along the index of names.
NAMED, EARLY = ("name", "-name"), 500


class Counted(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def named(choices, *kinds):
    """(key, name) of the choices of some kinds."""
    return [(pk, name) for kind, pk, name in choices if kind in kinds]


def listed(field, pairs):
    """The choice of a key among some that are known, instead of among rows."""
    choices = [("", field.empty_label), *pairs]
    return forms.TypedChoiceField(label=field.label, choices=choices, coerce=int, required=False)


class ClientFilterForm(forms.Form):
    """What may be asked for; a value that says nothing is left out, never an error."""

    q = forms.CharField(label=_("Name, number or contact"), required=False, widget=SearchInput)
    # The chips above the form choose it.
    stage = forms.ChoiceField(choices=Client.Stage, required=False, widget=forms.HiddenInput)
    group = forms.ModelChoiceField(
        queryset=ClientGroup.objects.none(),
        label=_("Client group"),
        empty_label=_("All groups"),
        required=False,
    )
    tag = forms.CharField(label=_("Tags"), required=False, widget=TagInput)
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(), label=_("Owner"), empty_label=_("Everybody"), required=False
    )
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("Both")), *Client.Kind.choices], required=False
    )
    health = forms.ChoiceField(
        label=_("Health"), choices=[("", _("Any health")), *BANDS], required=False
    )
    country = forms.CharField(label=_("Country"), required=False, max_length=120)
    archived = forms.ChoiceField(
        label=_("Put away"),
        choices=[("", _("Without archived ones")), ("1", _("Archived ones only"))],
        required=False,
    )

    def __init__(self, data, *, user, custom, policy, choices=None):
        super().__init__(data, auto_id="f_%s")
        self.user, self.custom, self.policy = user, custom, policy
        self.fields["group"].queryset = ClientGroup.objects.visible_to(user).active()
        self.fields["owner"].queryset = User.objects.filter(is_active=True)
        if choices is not None:
            # What was read already is not asked for once more to check a key.
            for name, kinds in (("group", ClientGroup.Kind), ("owner", [PERSON])):
                self.fields[name] = listed(self.fields[name], named(choices, *kinds))
        for field in custom:
            self.fields[f"{PREFIX}{field.key}"] = custom_input(field)

    def asked(self, name):
        """A cleaned value, empty where what stands in the address makes no sense."""
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    def open_more(self):
        """Whether a filter of the folded part is in use."""
        names = ["kind", "health", "country", "archived", "owner", "tag"]
        return any(self.asked(name) for name in [*names, *self._own()])

    def _own(self):
        return [f"{PREFIX}{field.key}" for field in self.custom]

    def more(self):
        """The fields of the folded part."""
        names = ("tag", "owner", "kind", "health", "country", "archived")
        return [self[name] for name in [*names, *self._own()]]

    def rows(self) -> QuerySet:
        return worded(self.unworded(), self.asked("q"))

    def parts(self, *, walk: bool = False) -> list[QuerySet]:
        """Sets that hold the rows together, each read by an index of its own.

        `walk` asks client by client whether the person sees them; see `walked`.
        """
        rows, text = self.unworded(walk=walk), self.asked("q")
        if not text:
            return [rows]
        query = search_query(text)
        if query is None:
            return [rows.none()]
        people = Contact.objects.filter(search=query).order_by().values("client")
        return [rows.filter(search=query), rows.filter(pk__in=people)]

    @cached_property
    def few(self) -> list[int] | None:
        return few_of(self.user)

    def unworded(self, *, walk: bool = False) -> QuerySet:
        group = self.asked("group")
        # Members of a group that the person sees are theirs to see; nobody need be asked twice.
        if group or walk:
            rows = Client.objects.all() if group else walked(self.user)
        else:
            rows = scoped(self.user, self.few)
        rows = rows.exclude(archived_at=None) if self.asked("archived") else rows.active()
        for name in ("stage", "owner", "kind"):
            if value := self.asked(name):
                rows = rows.filter(**{name: value})
        if group:
            member = Membership.objects.current().filter(client=OuterRef("pk"), client_group=group)
            rows = rows.filter(Exists(member))
        if country := self.asked("country").strip():
            rows = rows.filter(country__in={country, country.upper(), country.title()})
        rows = self._healthy(self._tagged(rows))
        for field in self.custom:
            rows = self._valued(rows, field)
        return rows

    def _tagged(self, rows):
        for name in filter(None, (name.strip() for name in split_names(self.asked("tag")))):
            tags = Tag.objects.filter(name__iexact=name).order_by().values("pk")
            link = Client.tags.through.objects.filter(tag__in=tags)
            rows = rows.filter(pk__in=link.values("client"))
        return rows

    def _healthy(self, rows):
        good, watch = self.policy.good_from, self.policy.watch_from
        bands = {
            "good": Q(health__gte=good),
            "watch": Q(health__gte=watch, health__lt=good),
            "poor": Q(health__lt=watch),
            "none": Q(health=None),
        }
        return rows.filter(bands.get(self.asked("health"), Q()))

    def _valued(self, rows, field: CustomField):
        try:
            value = clean_value(field, self.asked(f"{PREFIX}{field.key}"))
        except forms.ValidationError:
            return rows.none()
        return rows if value is None else rows.filter(custom__contains={field.key: value})


def worded(rows, text):
    """Rows whose words, or those of a contact, begin with what was typed."""
    if not text:
        return rows
    query = search_query(text)
    if query is None:
        return rows.none()
    # Each by its own index; an OR over both tables would read every client.
    people = Contact.objects.filter(search=query).order_by().values("client")
    found = Client.objects.filter(search=query).order_by().values("pk").union(people)
    return rows.filter(pk__in=found)


def scoped(user, own):
    """Clients that the person sees; those few keys, where that is all."""
    return Client.objects.visible_to(user) if own is None else Client.objects.filter(pk__in=own)


def order_of(data):
    asked = data.get("sort")
    return asked if asked in ORDERS else "name"


def clients_to_page(form: ClientFilterForm):
    """The clients that the address leaves, to be counted and cut; fast while it asks a stage."""
    data, user = form.data, form.user
    order, stage = order_of(data), data.get("stage", "")
    if any(value for name, value in data.items() if name not in PLAIN) or stage not in STAGES:
        return Found(form, order)
    own = few_of(user)
    return Sliced(
        lambda: clients_counted(user, own, (stage,))[0] or 0,
        lambda start, stop: clients_shown(user, own, (stage, order, start, stop)),
    )


class Found:
    """Filtered clients as a paginator reads them: chosen once, for their number and for a page.

    Up to the cap their keys are read, and a page is sorted out of those. Beyond it every other
    client fits, so that the page alone is soon found in its order.
    """

    def __init__(self, form: ClientFilterForm, order: str):
        self.form, self.order = form, order

    @cached_property
    def keys(self) -> list[int]:
        return [row[0] for row in self._together(["pk"])[:MOST_COUNTED]]

    def _together(self, names, *, walk=False):
        parts = self.form.parts(walk=walk)
        first, *others = (part.order_by().values_list(*names) for part in parts)
        return first.union(*others) if others else first

    def count(self):
        return len(self.keys)

    def __getitem__(self, part):
        if len(self.keys) < MOST_COUNTED:
            return clients_by_key(self.keys, (self.order, part.start, part.stop))
        names = ["pk", *dict.fromkeys([self.order.removeprefix("-"), "name"])]
        early = self.order in NAMED and part.stop <= EARLY
        page = self._together(names, walk=early).order_by(*ORDERS[self.order])[part]
        return lines(Client.objects.filter(Among(page)), self.order)


def drawn(page, order):
    """The rows of one page with all that their lines show, asked for no other row."""
    return lines(Client.objects.filter(pk__in=page.values("pk")), order)


def lines(rows, order):
    names = Client.tags.through.objects.filter(client=OuterRef("pk")).order_by("tag__name")
    rows = rows.select_related("owner").defer(*HEAVY)
    rows = rows.annotate(tag_names=ArraySubquery(names.values("tag__name")))
    return rows.order_by(*ORDERS[order])


def clients_of(rows, stage):
    return rows.active().filter(stage=stage) if stage else rows.active()


PERSON = "person"


@prepared
def choices_for(user: User):
    """(kind of group or "person", key, name): the groups that the person sees, and everybody."""
    groups = ClientGroup.objects.visible_to(user).active().order_by()
    people = User.objects.filter(is_active=True).order_by()
    words = groups.values_list("kind", "pk", "name")
    rows = people.values_list(Value(PERSON, output_field=CharField()), "pk", "name")
    return words.union(rows, all=True).order_by("name")


@prepared
def clients_counted(user: User, own: list[int] | None, shape: tuple[str]):
    rows = clients_of(scoped(user, own), *shape).order_by()[:MOST_COUNTED].values("pk")
    # Counted outside, so that the count ends at the cap.
    return User.objects.filter(pk=user.pk).order_by().values_list(Counted(rows), flat=True)


@prepared
def clients_shown(user: User, own: list[int] | None, shape: tuple[str, str, int, int]):
    stage, sort, start, stop = shape
    early = own is None and not user.sees_everything and stop <= EARLY and sort in NAMED
    rows = walked(user) if early else scoped(user, own)
    return drawn(clients_of(rows, stage).order_by(*ORDERS[sort])[start:stop], sort)


@prepared
def clients_by_key(keys: list[int], shape: tuple[str, int, int]):
    sort, start, stop = shape
    return drawn(Client.objects.filter(pk__in=keys).order_by(*ORDERS[sort])[start:stop], sort)
