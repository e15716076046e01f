from django import forms
from django.utils.translation import gettext_lazy as _

from projects.selectors.interactions import CLIENTS_OFFERED, clients_to_log


class ClientChoiceForm(forms.Form):
    """With whom: a client of the project's group; the form of the touch comes next."""

    client = forms.ModelChoiceField(
        label=_("Client"), queryset=None, empty_label=_("Choose the client")
    )

    def __init__(self, *args, project, user, **kwargs):
        super().__init__(*args, **kwargs)
        clients = clients_to_log(project, user)
        self.fields["client"].queryset = clients
        widget = self.fields["client"].widget
        widget.attrs["class"] = "form-select"
        rows = clients.values_list("pk", "name")[:CLIENTS_OFFERED]
        widget.choices = [("", _("Choose the client")), *rows]
