"""Rows of the audit trail in words: a sentence, and what changed under the names people know."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import AuditEvent
from accounts.permissions import Role
from accounts.verbs import NAMES, SENTENCES
from core import formats

# Values of keys that are no field.
VALUES = {"role": dict(Role.choices)}
# What services write in the place of a long text that was changed.
TEXT = "…"
LONGEST = 200


@dataclass(frozen=True)
class Change:
    """A part of an audited row, before and after; `field` is its key, `label` its name."""

    field: str
    label: str
    before: str
    after: str


def sentence_of(event: AuditEvent) -> str:
    """Who did what to which row; a verb nobody knows any more is said as it stands."""
    sentence = SENTENCES.get(event.verb, "%(who)s: " + event.verb.replace("%", "%%"))
    if isinstance(sentence, tuple):
        sentence = sentence[0] if event.actor_id else sentence[1]
    return str(sentence) % {
        "who": event.actor or _("Tandem"),
        "what": event.target_label or formats.NOTHING,
    }


def verb_choices() -> list[tuple[str, str]]:
    """Every verb with its sentence, the names left open."""
    named = [
        (verb, str(said[0] if isinstance(said, tuple) else said) % {"who": "…", "what": "…"})
        for verb, said in SENTENCES.items()
    ]
    return sorted(named, key=lambda choice: choice[1].lstrip("… “”"))


def kind_of(event: AuditEvent) -> str:
    """What kind of row it is about; the stored label when there is no such kind any more."""
    model = _model(event.target_type)
    return str(model._meta.verbose_name) if model else event.target_type


def changes_of(event: AuditEvent) -> Iterator[Change]:
    """Every change that the event keeps, in the language and time zone of the reader."""
    model = _model(event.target_type)
    for key, value in event.changes.items():
        pair = value if isinstance(value, list) and len(value) == 2 else [None, value]
        field = _field(model, key)
        if pair == [TEXT, TEXT]:
            yield Change(key, label_of(model, key), formats.NOTHING, _("text changed"))
        else:
            known = VALUES.get(key, {}) if field is None else _choices(field)
            said = (_said(field, known.get(str(each), each)) for each in pair)
            yield Change(key, label_of(model, key), *said)


def label_of(model: type[models.Model] | None, key: str) -> str:
    """The name of a change: of the field, of the list of names, or the key with blanks."""
    field = _own_field(model, key)
    if field is not None and not (field.is_relation and key.endswith("_id")):
        return str(field.verbose_name)
    if key in NAMES:
        return str(NAMES[key])
    if key.endswith("_id"):
        return _("%(name)s, number") % {"name": label_of(model, key.removesuffix("_id"))}
    field = _field(model, key)
    return str(field.verbose_name) if field is not None else key.replace("_", " ")


def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _field(model: type[models.Model] | None, key: str) -> models.Field | None:
    """The field of the row itself, else of a row beside it: a goal tells of its values."""
    found = _own_field(model, key)
    if found is None and model is not None and key not in NAMES:
        beside = (_own_field(each, key) for each in model._meta.app_config.get_models())
        found = next((field for field in beside if field is not None), None)
    return found


def _own_field(model: type[models.Model] | None, key: str) -> models.Field | None:
    try:
        field = model._meta.get_field(key) if model else None
    except FieldDoesNotExist:
        return None
    return field if field is not None and field.concrete else None


def _choices(field: models.Field) -> dict[str, str]:
    return {str(value): name for value, name in getattr(field, "flatchoices", None) or ()}


def _said(field: models.Field | None, value: object) -> str:
    if value is None or value in ("", [], {}):
        return formats.NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))[:LONGEST]
    if isinstance(value, str) and isinstance(field, models.DateField):
        return _moment(value)
    return str(value)[:LONGEST]


def _moment(text: str) -> str:
    """A day or an instant as the reader writes it; anything else as it stands."""
    instant = parse_datetime(text)
    if instant is not None and "T" in text:
        local = timezone.localtime(instant) if timezone.is_aware(instant) else instant
        return date_format(local, "SHORT_DATETIME_FORMAT")
    day = parse_date(text)
    return formats.day(day) if isinstance(day, dt.date) else text[:LONGEST]
