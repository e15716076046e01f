import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DateInput, TextArea
from projects.models import Task

# A request's words for how pressing it is, as tasks count it.
PRIORITIES = {
    "low": Task.Priority.LOW,
    "normal": Task.Priority.NORMAL,
    "high": Task.Priority.HIGH,
    "urgent": Task.Priority.URGENT,
}


class RequestTaskForm(forms.Form):
    project = forms.ModelChoiceField(label=_("Project"), queryset=None, empty_label=None)
    title = forms.CharField(label=_("Title"), max_length=300)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=50_000, widget=TextArea(rows=6)
    )
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Task.Priority, coerce=int)
    due_on = forms.DateField(label=_("Due"), required=False, widget=DateInput)
    submission_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, projects, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects

    def clean_submission_key(self):
        return str(self.cleaned_data["submission_key"])
