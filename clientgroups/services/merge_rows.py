"""Moving every row of one client to another, whatever app it belongs to."""

from collections.abc import Iterator

from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from clientgroups.models import (
    Channel,
    Client,
    ClientMark,
    ClientMerge,
    ConsentChange,
    Contact,
    Membership,
    NotDuplicate,
    Purchase,
)
from clientgroups.services.merge_journal import Journal

# About the two rows themselves, or moved by rules of their own.
APART = {Client, ClientMark, ClientMerge, NotDuplicate, Contact, Membership, Purchase}
FILLED = ("phone", "job_title", "time_zone", "preferred_channel")


def move_everything(journal: Journal) -> None:
    """Contacts first, since other rows name them; what clashes stays with the client that goes."""
    move_contacts(journal)
    move_memberships(journal)
    move_purchases(journal)
    for model, column in pointing_at(Client):
        if model not in APART:
            staying = _with_staying_contact(model, journal)
            move_rows(journal, model, column, journal.gone, journal.kept, staying)


def pointing_at(target: type[models.Model]) -> Iterator[tuple[type[models.Model], str]]:
    """(model, column) of every foreign key to a table, hidden ones and those of tags included."""
    for relation in target._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            yield relation.related_model, relation.field.column


def _with_staying_contact(model: type[models.Model], journal: Journal) -> str:
    """Rows that name a contact who stays behind stay behind as well."""
    try:
        column = model._meta.get_field("contact").column
    except FieldDoesNotExist:
        return "FALSE"
    return (
        "EXISTS (SELECT 1 FROM clientgroups_contact staying"  # noqa: S608 - a column and a key
        f" WHERE staying.id = x.{column} AND staying.client_id = {int(journal.gone)})"
    )


def move_rows(
    journal: Journal,
    model: type[models.Model],
    column: str,
    old: int,
    new: int,
    staying: str = "FALSE",
) -> None:
    """Point rows at another row; one that a constraint would refuse stays where it is."""
    clashes = [staying, *_clashes(model, column, new)]
    try:
        with transaction.atomic():
            journal.move_where(model, column, old, new, " OR ".join(f"({c})" for c in clashes))
    except IntegrityError:
        # A rule that cannot be read from the model: each row is tried alone.
        keys = model._base_manager.filter(**{column: old}).order_by("pk")
        for pk in list(keys.values_list("pk", flat=True)):
            try:
                with transaction.atomic():
                    journal.move(model, column, [pk], old, new)
            except IntegrityError:
                continue


def _clashes(model: type[models.Model], column: str, new: int) -> Iterator[str]:
    """SQL: the row `x` has a twin at the new place, by each unique rule that names the column."""
    table = model._meta.db_table
    names = {field.name: field.column for field in model._meta.concrete_fields}
    sets = [fields for fields in model._meta.unique_together]
    sets += [
        rule.fields
        for rule in model._meta.constraints
        if isinstance(rule, models.UniqueConstraint) and rule.fields and not rule.condition
    ]
    sets += [(field.name,) for field in model._meta.concrete_fields if field.unique]
    for fields in sets:
        columns = [names[name] for name in fields]
        if column in columns:
            same = "".join(f" AND k.{other} = x.{other}" for other in columns if other != column)
            yield f"EXISTS (SELECT 1 FROM {table} k WHERE k.{column} = {int(new)}{same})"  # noqa: S608


# Contacts ----------------------------------------------------------------------------------------


def move_contacts(journal: Journal) -> None:
    """People at the client; one who stands at both becomes one, with what both of them knew."""
    mine = list(Contact.objects.filter(client=journal.kept).order_by("pk"))
    moving = []
    for contact in Contact.objects.filter(client=journal.gone).order_by("pk"):
        twin = next((other for other in mine if _same_person(contact, other)), None)
        if twin is not None:
            _join_contacts(journal, contact, twin, mine)
            continue
        numbers = {other.external_id for other in mine}
        if contact.external_id and contact.external_id in numbers:
            number = f"{contact.external_id[:100]} ({journal.gone})"
            journal.edit(contact, external_id=number)
        moving.append(contact.pk)
    journal.move(Contact, "client_id", moving, journal.gone, journal.kept)


def _same_person(one: Contact, other: Contact) -> bool:
    mails = one.email.lower(), other.email.lower()
    if mails[0] and mails[1]:
        return mails[0] == mails[1]
    same_number = bool(one.external_id) and one.external_id == other.external_id
    return same_number and one.name.casefold() == other.name.casefold()


def _join_contacts(journal: Journal, gone: Contact, kept: Contact, mine: list[Contact]) -> None:
    """The stricter consent of both holds: an objection never gets lost by tidying up."""
    for model, column in pointing_at(Contact):
        move_rows(journal, model, column, gone.pk, kept.pk)
    values = {name: getattr(gone, name) for name in FILLED if not getattr(kept, name)}
    for name in ("email", "external_id"):
        taken = {getattr(other, name).lower() for other in mine}
        if not getattr(kept, name) and getattr(gone, name).lower() not in taken:
            values[name] = getattr(gone, name)
    refused = [
        channel for channel in Channel if kept.agrees_to(channel) and not gone.agrees_to(channel)
    ]
    values |= {f"{channel}_consent": False for channel in refused}
    journal.edit(kept, **values)
    # The one who stays behind is nobody any more: no mail, no question goes there.
    journal.edit(gone, is_active=False)
    source = _("Joined with the same person at another client")
    rows = ConsentChange.objects.bulk_create(
        ConsentChange(contact=kept, channel=channel, granted=False, source=source)
        for channel in refused
    )
    journal.made("clientgroups.ConsentChange", [row.pk for row in rows])


# Memberships -------------------------------------------------------------------------------------


def move_memberships(journal: Journal) -> None:
    """Days in groups: what overlaps becomes one row of the kept client over all of the days.

    The row that gave its days away keeps none, so that no day counts the client twice.
    """
    rows = Membership.objects.filter(client__in=[journal.kept, journal.gone])
    rows = rows.select_for_update(of=("self",)).order_by("client_group", "valid_from", "pk")
    mine, theirs = [], []
    for row in rows:
        (mine if row.client_id == journal.kept else theirs).append(row)
    journal.groups |= {row.client_group_id for row in theirs}
    for row in theirs:
        meeting = [other for other in mine if _overlap(row, other)]
        if meeting:
            _join_memberships(journal, row, meeting)
        else:
            journal.move(Membership, "client_id", [row.pk], journal.gone, journal.kept)
            mine.append(row)


def _overlap(one: Membership, other: Membership) -> bool:
    if one.client_group_id != other.client_group_id or _empty(one) or _empty(other):
        return False
    begins_before_end = other.valid_to is None or one.valid_from < other.valid_to
    return begins_before_end and (one.valid_to is None or other.valid_from < one.valid_to)


def _empty(row: Membership) -> bool:
    return row.valid_to == row.valid_from


def _join_memberships(journal: Journal, row: Membership, meeting: list[Membership]) -> None:
    everybody = [row, *meeting]
    first = min(everybody, key=lambda each: each.valid_from)
    still_in = [each for each in everybody if each.valid_to is None]
    last = still_in[0] if still_in else max(everybody, key=lambda each: each.valid_to)
    days = {
        "valid_from": first.valid_from,
        "valid_to": last.valid_to,
        "began_because": first.began_because,
        "ended_because": last.ended_because,
    }
    for other in [row, *meeting[1:]]:
        journal.edit(other, valid_to=other.valid_from)
    journal.edit(meeting[0], **days)


# Purchases ---------------------------------------------------------------------------------------


def move_purchases(journal: Journal) -> None:
    """The same purchase counts once; another one that bears the same number gets a longer one."""
    mine = Purchase.objects.filter(client=journal.kept)
    clashing = Purchase.objects.filter(
        client=journal.gone, external_id__in=mine.values("external_id")
    )
    known = {
        row.external_id: row for row in mine.filter(external_id__in=clashing.values("external_id"))
    }
    staying = []
    for row in clashing.order_by("pk"):
        twin = known[row.external_id]
        same = (row.bought_on, row.amount, row.currency) == (
            twin.bought_on,
            twin.amount,
            twin.currency,
        )
        if same:
            staying.append(row.pk)
        else:
            journal.edit(row, external_id=f"{row.external_id[:100]} ({journal.gone})")
    unless = f"x.id IN ({', '.join(map(str, staying))})" if staying else "FALSE"
    journal.move_where(Purchase, "client_id", journal.gone, journal.kept, unless)
