"""A field in which a client is found by typing; without a script the matches are on offer after
sending, as a choice beside the field."""

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client
from clientgroups.selectors.typeahead import EDIT, SHOWN, VIEW, find_clients


class ClientPicker(forms.TextInput):
    """Two values: the key that a chosen suggestion left, and what stands in the field."""

    input_type = "search"
    template = "clientgroups/client/picker.html"
    url = reverse_lazy("clientgroups:client_find")

    def __init__(self, attrs=None, *, scope=VIEW):
        super().__init__(attrs)
        self.scope, self.offered = scope, []

    def value_from_datadict(self, data, files, name):
        return data.get(name, ""), data.get(f"{name}_text", "")

    def value_omitted_from_data(self, data, files, name):
        return name not in data and f"{name}_text" not in data

    def render(self, name, value, attrs=None, renderer=None):
        key, text = self._shown(value)
        attrs = self.build_attrs(self.attrs, attrs)
        context = {
            "name": name,
            "key": "" if self.offered else key,
            "text": text,
            "id": attrs.get("id", f"id_{name}"),
            "required": attrs.get("required"),
            "described_by": attrs.get("aria-describedby", ""),
            "invalid": attrs.get("aria-invalid") or "is-invalid" in attrs.get("class", ""),
            "url": f"{self.url}?options=1&scope={self.scope}",
            "offered": self.offered,
        }
        return render_to_string(self.template, context)

    @staticmethod
    def _shown(value):
        if isinstance(value, Client):
            return value.pk, value.name
        return value if isinstance(value, tuple) else ("", value or "")


class ClientChoiceField(forms.Field):
    """A client the person may see (or change, with scope="edit"), never an archived one."""

    default_error_messages = {
        "required": _("Type a name, customer number, e-mail or phone and choose a client."),
        "nobody": _("No client fits. Try a shorter piece of the name, or the customer number."),
        "several": _("Several clients fit. Choose one of them."),
        "gone": _("Choose one of the suggestions."),
    }

    def __init__(self, *, user, scope=VIEW, without=None, **kwargs):
        kwargs.setdefault("label", _("Client"))
        super().__init__(widget=ClientPicker(scope=scope), **kwargs)
        self.user, self.scope, self.without = user, scope, without

    def prepare_value(self, value):
        return value

    def has_changed(self, initial, data):
        return True

    def clean(self, value):
        key, text = value if isinstance(value, tuple) else ("", value)
        if not key and not (text or "").strip():
            return super().clean(None)
        found = self._keyed(key) if key else self._typed(text)
        self.run_validators(found)
        return found

    def _scoped(self):
        rows = Client.objects
        rows = rows.editable_by(self.user) if self.scope == EDIT else rows.visible_to(self.user)
        return rows.active().select_related("owner").exclude(pk=self.without)

    def _keyed(self, key):
        found = self._scoped().filter(pk=key).first() if str(key).isdecimal() else None
        if found is None:
            raise ValidationError(self.error_messages["gone"], "gone")
        return found

    def _typed(self, text):
        hits = find_clients(self.user, text, scope=self.scope, limit=SHOWN, without=self.without)
        exact = [hit for hit in hits if text.strip() in (hit.number, hit.name, hit.title)]
        if len(hits) > 1 and len(exact) != 1:
            self.widget.offered = hits
            raise ValidationError(self.error_messages["several"], "several")
        if not hits:
            raise ValidationError(self.error_messages["nobody"], "nobody")
        return self._keyed((exact or hits)[0].pk)
