"""The register of what a rule may ask about a client."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Contact, Membership, Purchase
from clientgroups.selectors.rules import kinds


@dataclass(frozen=True)
class Leaf:
    """One checked condition. `window` and `currency` belong to figures made of purchases."""

    field: str
    op: str
    value: object = None
    window: dict | None = None
    currency: str = ""


@dataclass(frozen=True)
class Situation:
    """For whom and for which day a rule is worked out."""

    owner: User
    today: dt.date


@dataclass(frozen=True)
class Field:
    """What a rule may ask: `figure(leaf, situation)` is the SQL expression of its value.

    `choices(user)` lists (value, label) pairs for the kinds "choice" and "group". A field of a
    higher layer is put into the register by that layer, so nothing here needs to know it.
    """

    key: str
    label: str
    kind: str
    figure: Callable[[Leaf, Situation], object]
    choices: Callable[[User], list] | None = None
    windowed: bool = False
    currency: bool = False

    @property
    def operators(self):
        return kinds.OPERATORS[self.kind]

    def condition(self, leaf: Leaf, situation: Situation) -> Q:
        figure = self.figure(leaf, situation)
        if self.kind == "text":
            return kinds.text_condition(figure, leaf.op, leaf.value)
        if self.kind == "number":
            return kinds.number_condition(figure, leaf.op, leaf.value)
        if self.kind == "date":
            return kinds.date_condition(figure, leaf.op, leaf.value, situation.today)
        if self.kind == "choice":
            return kinds.choice_condition(figure, leaf.op, leaf.value)
        # The remaining kinds answer yes or no by themselves.
        wanted = leaf.op != "is_not" and leaf.value is not False
        return Q(figure) if wanted else ~Q(figure)


FIELDS: dict[str, Field] = {}


def register_field(entry: Field) -> Field:
    """Offer one more field to rules; the same key may be given only once."""
    if FIELDS.setdefault(entry.key, entry) is not entry:
        raise ValueError(f"Rule field {entry.key} is registered already")
    return entry


def column(name):  # noqa: ANN001, ANN201
    return lambda leaf, situation: F(name)


def _purchases(leaf, situation):  # noqa: ANN001, ANN202
    rows = Purchase.objects.filter(client=OuterRef("pk"))
    if leaf.window:
        start = kinds.window_start(leaf.window, situation.today)
        rows = rows.filter(bought_on__gt=start, bought_on__lte=situation.today)
    return rows.order_by()


def purchase_count(leaf: Leaf, situation: Situation) -> object:
    """Refunds are no purchases."""
    if not leaf.window:
        return F("purchase_count")
    counted = _purchases(leaf, situation).filter(amount__gte=0).values("client")
    number = Subquery(counted.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(number, 0)


def purchase_sum(leaf: Leaf, situation: Situation) -> object:
    """What was paid less what was given back, in one currency; nothing bought is 0."""
    rows = _purchases(leaf, situation).filter(currency=leaf.currency).values("client")
    money = DecimalField(max_digits=18, decimal_places=2)
    total = Subquery(rows.annotate(total=Sum("amount")).values("total"), output_field=money)
    return Coalesce(total, Value(0), output_field=money)


def bought_product(leaf: Leaf, situation: Situation) -> object:
    rows = _purchases(leaf, situation)
    return Exists(rows.filter(amount__gte=0, product__icontains=leaf.value))


def has_email(leaf: Leaf, situation: Situation) -> object:
    return Exists(Contact.objects.filter(client=OuterRef("pk")).askable())


def contact_language(leaf: Leaf, situation: Situation) -> object:
    contacts = Contact.objects.filter(client=OuterRef("pk"), is_active=True)
    return Exists(contacts.filter(language=leaf.value))


def in_group(leaf: Leaf, situation: Situation) -> object:
    return Exists(
        Membership.objects.current().filter(client=OuterRef("pk"), client_group=leaf.value)
    )


def _people(user):  # noqa: ANN001, ANN202
    return [(person.pk, str(person)) for person in User.objects.filter(is_active=True)]


def _groups(user):  # noqa: ANN001, ANN202
    groups = ClientGroup.objects.visible_to(user).active()
    return list(groups.values_list("pk", "name"))


for _entry in (
    Field(
        "stage", _("Lifecycle stage"), "choice", column("stage"), lambda user: Client.Stage.choices
    ),
    Field(
        "purchase_count",
        _("Number of purchases"),
        "number",
        purchase_count,
        windowed=True,
    ),
    Field(
        "purchase_sum",
        _("Sum of purchases"),
        "number",
        purchase_sum,
        windowed=True,
        currency=True,
    ),
    Field("last_purchase", _("Last purchase"), "date", column("last_purchase_on")),
    Field("first_purchase", _("First purchase"), "date", column("first_purchase_on")),
    Field("product", _("Bought a product whose name"), "product", bought_product, windowed=True),
    Field("name", _("Name"), "text", column("name")),
    Field("external_id", _("Customer number"), "text", column("external_id")),
    Field("kind", _("Kind of client"), "choice", column("kind"), lambda user: Client.Kind.choices),
    Field("owner", _("Owner"), "choice", column("owner_id"), _people),
    Field("group", _("Another group: the client"), "group", in_group, _groups),
    Field("has_email", _("A contact may be sent e-mail"), "yes_no", has_email),
    Field(
        "language",
        _("Language of a contact"),
        "group",
        contact_language,
        lambda user: list(Contact._meta.get_field("language").choices),
    ),
    Field(
        "created",
        _("Added to the product"),
        "date",
        lambda leaf, situation: TruncDate("created_at", tzinfo=dt.UTC),
    ),
    Field("stage_as_of", _("Stage as of"), "date", column("stage_as_of")),
):
    register_field(_entry)
