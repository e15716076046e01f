"""What rules may ask about a client itself: its columns, tags, contacts and custom fields."""

import datetime as dt

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import (
    Case,
    DateField,
    Exists,
    Func,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.db.models.lookups import Regex
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import (
    Channel,
    Client,
    Contact,
    CustomField,
    LifecycleChange,
    Tag,
)
from clientgroups.selectors.rules.conditions import DECIMAL, DaysSince
from clientgroups.selectors.rules.fields import (
    CUSTOM,
    MADE,
    Field,
    Leaf,
    Situation,
    column,
    register_field,
)


def people(user: User) -> list:
    """Who may own a client; those who left and still own one have to be found, too."""
    owning = Exists(Client.objects.filter(owner=OuterRef("pk")))
    found = User.objects.filter(Q(is_active=True) | owning)
    return [(person.pk, str(person)) for person in found]


def created_on(leaf: Leaf, situation: Situation) -> object:
    return TruncDate("created_at", tzinfo=dt.UTC)


def days_in_stage(leaf: Leaf, situation: Situation) -> object:
    """Days since the last move; who never moved stands there since being added."""
    moves = LifecycleChange.objects.filter(client=OuterRef("pk")).order_by("-at", "-pk")
    moved = Subquery(moves.values("as_of")[:1], output_field=DateField())
    return DaysSince(situation.today, Coalesce(moved, TruncDate("created_at", tzinfo=dt.UTC)))


# Tags --------------------------------------------------------------------------------------------


def tags(user: User) -> list:
    return list(Tag.objects.values_list("pk", "name"))


def tag_names(leaf: Leaf, situation: Situation) -> object:
    rows = Client.tags.through.objects.filter(client=OuterRef("pk")).order_by().values("client")
    names = rows.annotate(names=StringAgg("tag__name", Value(", "), order_by="tag__name"))
    return Subquery(names.values("names"), output_field=TextField())


def tagged(leaf: Leaf, situation: Situation) -> Q:
    rows = Client.tags.through.objects.filter(client=OuterRef("pk"))
    if leaf.op in ("known", "empty"):
        return Q(Exists(rows)) if leaf.op == "known" else ~Q(Exists(rows))
    if leaf.op == "all_of":
        every = Q()
        for tag in leaf.values:
            every &= Q(Exists(rows.filter(tag=tag)))
        return every
    some = Q(Exists(rows.filter(tag__in=leaf.values)))
    return some if leaf.op == "any_of" else ~some


# Contacts ----------------------------------------------------------------------------------------


def contacts() -> object:
    return Contact.objects.filter(client=OuterRef("pk"), is_active=True)


def has_email(leaf: Leaf, situation: Situation) -> object:
    return Exists(contacts().askable())


def contact_language(leaf: Leaf, situation: Situation) -> object:
    return Exists(contacts().filter(language__in=leaf.values))


def consenting(leaf: Leaf, situation: Situation) -> object:
    agrees = Q()
    for channel in leaf.values:
        agrees |= Q(**{f"{Channel(channel).value}_consent": True})
    return Exists(contacts().filter(agrees))


# Custom fields -----------------------------------------------------------------------------------

NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,18})?$"
DAY = r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


class ReadDay(Func):
    """A day written as 2026-03-31; a day that no month has is none."""

    output_field = DateField()
    template = (
        "(SELECT CASE WHEN extract(month FROM read.day) = read.month THEN read.day END FROM"
        " (SELECT make_date(left(asked.text, 4)::int, substr(asked.text, 6, 2)::int, 1)"
        " + substr(asked.text, 9, 2)::int - 1 AS day, substr(asked.text, 6, 2)::int AS month"
        " FROM (SELECT %(expressions)s AS text) asked) read)"
    )


def custom_text(key: str) -> object:
    return KeyTextTransform(key, "custom")


def custom_figure(row: CustomField) -> object:
    """The stored value as its kind; what does not read as that kind is none."""
    text = custom_text(row.key)
    if row.kind == CustomField.Kind.NUMBER:
        return Case(When(Regex(text, NUMBER), then=Cast(text, DECIMAL)), output_field=DECIMAL)
    if row.kind == CustomField.Kind.DATE:
        return Case(When(Regex(text, DAY), then=ReadDay(text)), output_field=DateField())
    return text


def custom_choices(row: CustomField) -> object:
    if row.kind == CustomField.Kind.YES_NO:
        return lambda user: [("true", _now("yes")), ("false", _now("no"))]
    if row.kind == CustomField.Kind.CHOICE:
        return lambda user: [(str(value), str(value)) for value in row.choices]
    return None


def custom_fields() -> list[Field]:
    """The custom fields that are in use now."""
    found = []
    for row in CustomField.objects.filter(archived_at=None):
        figure = custom_figure(row)
        found.append(
            Field(
                CUSTOM + row.key,
                row.title,
                "choice" if row.kind in ("yes_no", "choice") else row.kind,
                lambda leaf, situation, figure=figure: figure,
                custom_choices(row),
                section="custom",
                subject=f"“{row.title}”",
            )
        )
    return found


MADE[CUSTOM] = custom_fields

for _entry in (
    Field("name", _("Name"), "text", column("name"), section="client", subject=_("the name")),
    Field(
        "kind",
        _("Kind of client"),
        "choice",
        column("kind"),
        lambda user: Client.Kind.choices,
        section="client",
        subject=_("the kind of client"),
        optional=False,
    ),
    Field(
        "owner",
        _("Owner"),
        "choice",
        column("owner_id"),
        people,
        section="client",
        subject=_("the owner"),
        optional=False,
    ),
    Field(
        "external_id",
        _("Customer number"),
        "text",
        column("external_id"),
        section="client",
        subject=_("the customer number"),
    ),
    Field(
        "country",
        _("Country"),
        "text",
        column("country"),
        section="client",
        subject=_("the country"),
    ),
    Field(
        "region", _("Region"), "text", column("region"), section="client", subject=_("the region")
    ),
    Field("city", _("City"), "text", column("city"), section="client", subject=_("the city")),
    Field(
        "industry",
        _("Industry"),
        "text",
        column("industry"),
        section="client",
        subject=_("the industry"),
    ),
    Field(
        "tags",
        _("Tags"),
        "set",
        tag_names,
        tags,
        section="client",
        subject=_("the tags"),
        holds=tagged,
        phrases={
            "known": _("the client has a tag"),
            "empty": _("the client has no tag"),
        },
    ),
    Field(
        "created",
        _("Added to the product"),
        "date",
        created_on,
        section="client",
        subject=_("the day on which the client was added"),
        optional=False,
    ),
    Field(
        "stage",
        _("Lifecycle stage"),
        "choice",
        column("stage"),
        lambda user: Client.Stage.choices,
        section="stage",
        subject=_("the lifecycle stage"),
        optional=False,
    ),
    Field(
        "days_in_stage",
        _("Days in the stage"),
        "number",
        days_in_stage,
        section="stage",
        subject=_("the number of days in the stage"),
        optional=False,
    ),
    Field(
        "stage_as_of",
        _("Stage as of"),
        "date",
        column("stage_as_of"),
        section="stage",
        subject=_("the day for which the stage was worked out"),
    ),
    Field(
        "has_email",
        _("A contact may be sent e-mail"),
        "yes_no",
        has_email,
        section="contacts",
        phrases={
            "yes": _("a contact may be sent e-mail"),
            "no": _("no contact may be sent e-mail"),
        },
    ),
    Field(
        "consent",
        _("Consent of a contact"),
        "group",
        consenting,
        lambda user: Channel.choices,
        section="contacts",
        phrases={
            "is": _("a contact agrees to be reached by this channel: %(value)s"),
            "is_not": _("no contact agrees to be reached by this channel: %(value)s"),
            "one_of": _("a contact agrees to be reached by one of these channels: %(value)s"),
            "none_of": _("no contact agrees to be reached by any of these channels: %(value)s"),
        },
    ),
    Field(
        "language",
        _("Language of a contact"),
        "group",
        contact_language,
        lambda user: list(Contact._meta.get_field("language").choices),
        section="contacts",
        phrases={
            "is": _("a contact speaks %(value)s"),
            "is_not": _("no contact speaks %(value)s"),
            "one_of": _("a contact speaks one of %(value)s"),
            "none_of": _("no contact speaks any of %(value)s"),
        },
    ),
):
    register_field(_entry)
