from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clientgroups.forms.tags import TagInput
from clientgroups.models import ClientGroup
from clientgroups.services import clients_bulk as services

TAG, GROUP, ARCHIVE = "tag", "group", "archive"


class BulkForm(forms.Form):
    """The ticked clients of a list and what is to be done with them."""

    action = forms.ChoiceField(
        label=_("With the ticked clients"),
        choices=[
            (TAG, _("Add a tag")),
            (GROUP, _("Put into a client group")),
            (ARCHIVE, _("Put away")),
        ],
    )
    tag = forms.CharField(
        label=_("Tag"), required=False, max_length=40, widget=TagInput(many=False)
    )
    group = forms.ModelChoiceField(
        queryset=ClientGroup.objects.none(),
        required=False,
        label=_("Client group"),
        empty_label=_("Choose a group"),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, auto_id="bulk_%s", **kwargs)
        groups = ClientGroup.objects.visible_to(user).active()
        self.fields["group"].queryset = groups.filter(kind=ClientGroup.Kind.STATIC)
        self.user = user

    def clean(self):
        cleaned = super().clean()
        keys = [key for key in self.data.getlist("clients") if key.isdecimal() and len(key) < 19]
        cleaned["clients"] = [int(key) for key in keys]
        group = cleaned.get("group") if cleaned.get("action") == GROUP else None
        if group and not self.user.has_perm("clientgroups.edit", group):
            raise ValidationError(_("Only a lead puts clients into this group."))
        return cleaned

    def first_error(self):
        return next(message for errors in self.errors.values() for message in errors)

    def run(self):
        """Call the service of the chosen action; its audit row, or None when nothing changed."""
        chosen = {"actor": self.user, "clients": self.cleaned_data["clients"]}
        if self.cleaned_data["action"] == TAG:
            return services.tag_clients(**chosen, name=self.cleaned_data["tag"])
        if self.cleaned_data["action"] == GROUP:
            return services.group_clients(**chosen, group=self.cleaned_data["group"])
        return services.archive_clients(**chosen)
