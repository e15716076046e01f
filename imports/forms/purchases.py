import re

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientgroups.importers.columns import (
    AMOUNT,
    CUSTOMER,
    DATE,
    NAME,
    QUANTITY,
    TARGETS,
    UNIT_PRICE,
)
from clientgroups.importers.values import DATE_ORDERS, DECIMALS
from core.files.tables import NO_COLUMNS

REQUIRED = (CUSTOMER, DATE)


class MappingForm(forms.Form):
    """Which column means what, and how dates, numbers and repetitions are to be understood."""

    date_order = forms.ChoiceField(label=_("Dates are written"), required=False)
    decimal = forms.ChoiceField(label=_("Decimal sign"), required=False)
    currency = forms.CharField(
        label=_("Currency where none is given"),
        max_length=3,
        min_length=3,
        help_text=_("Three letters, such as CNY, USD or EUR."),
    )
    refunds = forms.BooleanField(label=_("Negative amounts are refunds"), required=False)
    repeats = forms.ChoiceField(
        label=_("Lines with the same purchase number"),
        choices=[
            ("refuse", _("Leave the repetition out and report it")),
            ("add", _("Add up lines with the same number: they are parts of one order")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, data=None, *, shape, mapping=None, options=None):
        suggested = shape["suggested"]
        options = {**suggested["options"], **(options or {})}
        mapping = mapping or suggested["mapping"]
        initial = {**options, **{f"to_{t}": place for t, place in mapping.items()}}
        super().__init__(data, initial=initial)
        self.shape = shape
        columns = [("", _("– not in the file –")), *self._columns()]
        for target, label in TARGETS.items():
            self.fields[f"to_{target}"] = forms.TypedChoiceField(
                label=_(label),
                choices=columns,
                coerce=int,
                empty_value=None,
                required=target in REQUIRED,
                error_messages={"required": _("Choose the column that holds it.")},
            )
        for name, choices in (("date_order", DATE_ORDERS), ("decimal", DECIMALS)):
            blank = [] if options.get(name) else [("", _("Please choose"))]
            self.fields[name].choices = [*blank, *choices.items()]

    def _columns(self):
        for place, name in enumerate(self.shape["columns"]):
            shown = name or gettext("Column %(number)s") % {"number": place + 1}
            sample = next((row[place] for row in self.shape["sample"] if len(row) > place), "")
            yield place, f"{shown} ({sample[:24]})" if sample else shown

    @property
    def target_fields(self):
        return [self[f"to_{target}"] for target in TARGETS]

    @property
    def option_fields(self):
        return [self[name] for name in ("date_order", "decimal", "currency", "refunds", "repeats")]

    def clean_currency(self):
        currency = self.cleaned_data["currency"].upper()
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise forms.ValidationError(_("Use a three-letter code such as CNY or EUR."))
        return currency

    def clean(self):
        cleaned = super().clean()
        mapping = self.mapping()
        if AMOUNT not in mapping and not {QUANTITY, UNIT_PRICE} <= set(mapping):
            text = gettext("Choose the column with the amount, or both quantity and unit price.")
            self.add_error(f"to_{AMOUNT}", text)
        self._refuse_double_use(mapping)
        if len(self.shape["columns"]) == 1:
            self.add_error(None, gettext(NO_COLUMNS))
        if not cleaned.get("date_order"):
            text = gettext(
                "The dates can be read in more than one order. Look at the sample and choose one."
            )
            self.add_error("date_order", text)
        if not cleaned.get("decimal"):
            text = gettext("1,234 could be a thousand or one and a bit. Choose the decimal sign.")
            self.add_error("decimal", text)
        return cleaned

    def _refuse_double_use(self, mapping):
        used = {}
        for target, place in mapping.items():
            other = used.setdefault(place, target)
            if other != target and {other, target} != {CUSTOMER, NAME}:
                text = gettext("The same column is already chosen for “%(field)s”.")
                self.add_error(f"to_{target}", text % {"field": gettext(TARGETS[other])})

    def mapping(self):
        found = {target: self.cleaned_data.get(f"to_{target}") for target in TARGETS}
        return {target: place for target, place in found.items() if place is not None}

    def options(self):
        names = ("date_order", "decimal", "currency", "refunds", "repeats")
        return {name: self.cleaned_data[name] for name in names}


class ConfirmForm(forms.Form):
    as_of = forms.DateField(
        label=_("Lifecycle stages as of"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Usually the last day of the file: who has not bought since is lapsed."),
    )

    def __init__(self, *args, today, **kwargs):
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["as_of"].widget.attrs["max"] = today.isoformat()

    def clean_as_of(self):
        as_of = self.cleaned_data["as_of"]
        if as_of > self.today:
            raise forms.ValidationError(_("This day lies in the future. Choose today or earlier."))
        if as_of.year < 1900:
            raise forms.ValidationError(_("This day lies before 1900. Choose a later one."))
        return as_of
