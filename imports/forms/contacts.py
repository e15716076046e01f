from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from clientgroups.importers import contact_targets as to
from clientgroups.selectors.client_columns import CUSTOM
from clientgroups.selectors.clients_custom import custom_fields
from core.files.tables import NO_COLUMNS
from core.formats import locale

# One of these must be there, or a line says nothing about anybody.
NAMING = {"client", "contact", to.GIVEN, to.FAMILY, "email", "phone", "client_ref", to.CLIENT_LINK}
OPTIONS = ("people", "known", "language", "region", "link")


def regions():
    """[(two letters, name)] of the countries that have phone numbers."""
    names = locale().territories
    found = [(code, names.get(code, code)) for code in SUPPORTED_REGIONS]
    return sorted(found, key=lambda pair: pair[1])


class ContactMappingForm(forms.Form):
    """What each column becomes, and what is meant by lines that leave something open."""

    people = forms.ChoiceField(
        label=_("Contacts and their organisations"),
        choices=[
            (
                "company",
                _("At the organisation of the line; without one, a client who is a person"),
            ),
            ("person", _("Every contact becomes a client who is a person")),
            ("skip", _("Leave contacts without an organisation out")),
        ],
        widget=forms.RadioSelect,
    )
    known = forms.ChoiceField(
        label=_("Clients and contacts that are known already"),
        choices=[
            ("update", _("Take over what the file says; nothing is ever emptied")),
            ("fill", _("Only fill in what is empty so far")),
            ("leave", _("Leave as they are")),
        ],
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(
        label=_("Language where none is given"),
        choices=[
            ("name", _("Chinese for names in Chinese characters, else English")),
            ("en", "English"),
            ("zh-hans", "简体中文"),
        ],
    )
    region = forms.ChoiceField(
        label=_("Country of phone numbers without a country code"),
        help_text=_("Where a line names a country, that one counts."),
        choices=regions,
    )
    link = forms.ChoiceField(
        label=_("Clients that this file refers to came with"),
        required=False,
        help_text=_("For files whose contacts name their organisation only by a reference."),
    )

    def __init__(self, data=None, *, shape, mapping=None, options=None, links=()):
        suggested = shape["suggested"]
        mapping = suggested["mapping"] if mapping is None else mapping
        options = {**suggested["options"], **(options or {})}
        if links and not options.get("link") and "client" not in mapping.values():
            options["link"] = str(links[0].batch)
        initial = {name: options.get(name) for name in OPTIONS}
        initial |= {f"column_{place}": target for place, target in mapping.items()}
        super().__init__(data, initial=initial)
        self.shape = shape
        self.own = [(f"{CUSTOM}{field.key}", field.title) for field in custom_fields()]
        choices = self._choices()
        for place in range(shape["width"]):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=self.name_of(place),
                required=False,
                choices=choices,
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        links = [(str(run.batch), f"{run.file_name} · {run.finished_at:%Y-%m-%d}") for run in links]
        self.fields["link"].choices = [("", _("No other import")), *links]
        if not links:
            del self.fields["link"]

    def _choices(self):
        def named(targets):
            return [(target, gettext(to.target_label(target))) for target in targets]

        groups = [
            (gettext("Client"), named(to.CLIENT_TARGETS)),
            (gettext("Contact"), named(to.CONTACT_TARGETS)),
            (gettext("Consent"), named(to.CONSENT_TARGETS)),
        ]
        if self.own:
            groups.insert(1, (gettext("Custom fields"), self.own))
        return [("", gettext("– not imported –")), *groups]

    def name_of(self, place):
        name = self.shape["columns"][place]
        return name or gettext("Column %(number)s") % {"number": place + 1}

    def _columns(self, filled):
        """(field, example) of the columns that hold something, or of those that hold nothing."""
        examples = self.shape["examples"]
        return [
            (self[f"column_{place}"], examples[place])
            for place in range(self.shape["width"])
            if bool(examples[place]) == filled
        ]

    @property
    def filled_columns(self):
        return self._columns(True)

    @property
    def empty_columns(self):
        return self._columns(False)

    @property
    def option_fields(self):
        return [self[name] for name in OPTIONS if name in self.fields]

    def clean(self):
        cleaned = super().clean()
        mapping = self.mapping()
        if not NAMING & set(mapping.values()):
            text = gettext("Choose at least the column with the name of the client or contact.")
            self.add_error(None, text)
        if self.shape["format"] == "text" and self.shape["width"] == 1 and not mapping:
            self.add_error(None, gettext(NO_COLUMNS))
        self._refuse_double_use(mapping)
        return cleaned

    def _refuse_double_use(self, mapping):
        used = {}
        for place, target in mapping.items():
            other = used.setdefault(target, place)
            if other != place and target not in (to.ALTERNATIVES | to.JOINED | {to.LABEL}):
                text = gettext("The column “%(column)s” is already taken over as this.")
                name = self.name_of(int(other))
                self.add_error(f"column_{place}", text % {"column": name})

    def mapping(self):
        found = {
            str(place): self.cleaned_data.get(f"column_{place}")
            for place in range(self.shape["width"])
        }
        return {place: target for place, target in found.items() if target}

    def options(self):
        return {name: self.cleaned_data.get(name) or "" for name in OPTIONS}
