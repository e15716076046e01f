from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.once_forms import Once
from core.files.encodings import ENCODINGS
from imports.models import ImportRun
from projects.models import Project

TOO_LARGE = _(
    "The file is larger than %(limit)s MB. Split it into smaller files, or leave out columns that "
    "are not needed, and upload them one after another."
)


def encoding_choices():
    return [("", _("Find out")), *((name, _(label)) for name, label in ENCODINGS.items())]


class FileForm(Once, forms.Form):
    """The file stands last: when it is too large, all other fields have arrived before it."""

    encoding = forms.ChoiceField(label=_("Encoding"), required=False, choices=encoding_choices)
    file = forms.FileField(
        label=_("File"),
        max_length=255,
        allow_empty_file=True,
        error_messages={"required": _("Choose a file.")},
    )

    def __init__(self, *args, too_large=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.too_large = too_large
        self.fields["file"].required = not too_large

    def clean_file(self):
        file = self.cleaned_data["file"]
        if self.too_large or (file and file.size > settings.IMPORT_MAX_BYTES):
            limit = settings.IMPORT_MAX_BYTES // (1024 * 1024)
            raise forms.ValidationError(TOO_LARGE % {"limit": limit})
        return file


class ProjectFileForm(FileForm):
    """A board for a project that is known already: there is only the file to choose."""

    encoding = None


class UploadForm(FileForm):
    kind = forms.ChoiceField(
        label=_("What does the file hold?"),
        choices=ImportRun.Kind,
        widget=forms.RadioSelect,
        initial=ImportRun.Kind.PURCHASES,
    )
    project = forms.ModelChoiceField(
        label=_("Project for the board"),
        queryset=Project.objects.none(),
        required=False,
        empty_label=_("No project"),
        help_text=_("Only for Trello boards: the project whose board the cards come to."),
    )
    field_order = ["kind", "project", "encoding", "file"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        projects = Project.objects.visible_to(user).select_related("client_group")
        allowed = [p.pk for p in projects if user.has_perm("imports.into_project", p)]
        self.fields["project"].queryset = Project.objects.filter(pk__in=allowed)

    def clean(self):
        cleaned = super().clean()
        board = cleaned.get("kind") == ImportRun.Kind.TRELLO
        if board and not cleaned.get("project") and "project" not in self.errors:
            self.add_error("project", gettext("Choose the project that the board comes to."))
        if cleaned.get("kind") in (ImportRun.Kind.PURCHASES, ImportRun.Kind.CONTACTS):
            cleaned["project"] = None
        return cleaned
