from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.once_forms import Once
from core.forms import DateInput, TextArea
from projects.models import BoardColumn, Goal, Label, Project, Task
from projects.selectors.projects import people_of
from projects.services.bulk import AT_MOST


class TaskForm(forms.Form):
    """A whole task. Rows to choose from are those of its project."""

    title = forms.CharField(label=_("Title"), max_length=300)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=50000,
        help_text=_("Markdown: **bold**, lists, links."),
    )
    column = forms.ModelChoiceField(label=_("Column"), queryset=None, empty_label=None)
    assignee = forms.ModelChoiceField(
        label=_("Assignee"), queryset=None, required=False, empty_label=_("Nobody yet")
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=Task.Priority, coerce=int, initial=Task.Priority.NORMAL
    )
    labels = forms.ModelMultipleChoiceField(
        label=_("Labels"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    start_on = forms.DateField(label=_("Start date"), required=False, widget=DateInput)
    due_on = forms.DateField(label=_("Due"), required=False, widget=DateInput)
    estimate_hours = forms.DecimalField(
        label=_("Estimate in hours"),
        required=False,
        min_value=0,
        max_digits=7,
        decimal_places=2,
    )
    progress = forms.IntegerField(
        label=_("Progress in %"), required=False, min_value=0, max_value=100
    )
    is_critical = forms.BooleanField(label=_("Critical: others wait for it"), required=False)
    goal = forms.ModelChoiceField(
        label=_("Goal it serves"), queryset=None, required=False, empty_label=_("No goal")
    )

    def __init__(self, project, *args, task=None, **kwargs):
        super().__init__(*args, **kwargs)
        people = people_of(project)
        if task and task.assignee_id:
            # A person who has left the project may keep the work until somebody else gets it.
            people = people | type(task.assignee)._default_manager.filter(pk=task.assignee_id)
        self.fields["column"].queryset = BoardColumn.objects.filter(
            project=project, archived_at=None
        )
        self.fields["assignee"].queryset = people
        self.fields["labels"].queryset = Label.objects.filter(project=project)
        self.fields["goal"].queryset = Goal.objects.filter(project=project).live()
        name = f"task-{task.pk}" if task else f"project-{project.pk}-task"
        self.fields["description"].widget = TextArea(rows=7, draft=f"{name}-description")
        self.fields["description"].widget.attrs["maxlength"] = 50000

    def clean_progress(self):
        return self.cleaned_data["progress"] or 0

    def clean(self):
        start, due = self.cleaned_data.get("start_on"), self.cleaned_data.get("due_on")
        if start and due and due < start:
            self.add_error("due_on", _("The due date lies before the start."))
        return self.cleaned_data


FIELDS_IN_PLACE = ("title", "column", "assignee", "due_on", "priority", "progress", "labels")


def field_form(name, task, data):
    """The form of one field, for editing in place."""
    form = TaskForm(task.project, data, task=task)
    form.fields = {name: form.fields[name]}
    return form


class ColumnForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    category = forms.ChoiceField(label=_("What standing here means"), choices=BoardColumn.Category)
    wip_limit = forms.IntegerField(
        label=_("Limit"),
        required=False,
        min_value=1,
        max_value=999,
        help_text=_("A warning shows when more tasks stand here. Empty: no limit."),
    )


class ArchiveColumnForm(forms.Form):
    move_to = forms.ModelChoiceField(
        label=_("Move its tasks to"), queryset=None, required=False, empty_label=None
    )

    def __init__(self, column, *args, **kwargs):
        super().__init__(*args, **kwargs)
        columns = BoardColumn.objects.filter(project=column.project_id, archived_at=None)
        self.fields["move_to"].queryset = columns.exclude(pk=column.pk)


class LabelForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    colour = forms.ChoiceField(label=_("Colour"), choices=Label.Colour, initial="teal")


class MoveForm(forms.Form):
    """Where a card goes: a column, and a neighbour or one end of it."""

    PLACES = [("end", _("At the end")), ("start", _("At the beginning"))]

    column = forms.ModelChoiceField(label=_("Move to"), queryset=None, empty_label=None)
    place = forms.ChoiceField(
        label=_("Where"), choices=PLACES, required=False, widget=forms.RadioSelect
    )
    before = forms.ModelChoiceField(queryset=None, required=False, widget=forms.HiddenInput)
    after = forms.ModelChoiceField(queryset=None, required=False, widget=forms.HiddenInput)

    def __init__(self, task, *args, **kwargs):
        super().__init__(*args, **kwargs)
        columns = BoardColumn.objects.filter(project=task.project_id, archived_at=None)
        self.fields["column"].queryset = columns
        for name in ("before", "after"):
            self.fields[name].queryset = Task.objects.filter(project=task.project_id)


class BulkForm(forms.Form):
    """One change for all chosen tasks; what is left alone stays as it is."""

    NOBODY = "nobody"

    tasks = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=(),
        error_messages={
            "required": _("Choose at least one task."),
        },
    )
    column = forms.ModelChoiceField(queryset=None, required=False)
    assignee = forms.ChoiceField(required=False)
    due_on = forms.DateField(required=False, widget=DateInput)
    clear_due = forms.BooleanField(required=False)
    add_label = forms.ModelChoiceField(queryset=None, required=False)
    archive = forms.BooleanField(required=False)

    def __init__(self, project: Project, data):
        super().__init__(data)
        self.people = {str(person.pk): person for person in people_of(project)}
        self.fields["tasks"].choices = [
            (pk, pk)
            for pk in Task.objects.filter(
                project=project, pk__in=_numbers(data.getlist("tasks"))
            ).values_list("pk", flat=True)
        ]
        self.fields["column"].queryset = BoardColumn.objects.filter(
            project=project, archived_at=None
        )
        self.fields["add_label"].queryset = Label.objects.filter(project=project)
        self.fields["assignee"].choices = [(key, key) for key in ("", self.NOBODY, *self.people)]

    def changes(self):
        """Arguments of the service: only what was filled in."""
        data, found = self.cleaned_data, {}
        if data["column"]:
            found["column"] = data["column"]
        if data["assignee"]:
            found["assignee"] = self.people.get(data["assignee"])
        if data["due_on"] or data["clear_due"]:
            found["due_on"] = None if data["clear_due"] else data["due_on"]
        if data["add_label"]:
            found["add_label"] = data["add_label"]
        if data["archive"]:
            found["archive"] = True
        return found

    def clean(self):
        if not self.errors and not self.changes():
            raise forms.ValidationError(_("Say what to change."))
        return self.cleaned_data


def _numbers(values):
    return [int(value) for value in values[: AT_MOST + 1] if value.isdecimal() and len(value) < 19]


class ItemForm(Once, forms.Form):
    text = forms.CharField(label=_("New step"), max_length=1000)
    checklist = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)


class CommentForm(forms.Form):
    body = forms.CharField(label=_("Your comment"), max_length=20000, widget=TextArea(rows=3))
    is_client_visible = forms.BooleanField(label=_("The client may read this"), required=False)


class LinkForm(forms.Form):
    url = forms.URLField(label=_("Address"), max_length=2000, assume_scheme="https")
    name = forms.CharField(label=_("Name"), max_length=300, required=False)


class QuickAddForm(forms.Form):
    text = forms.CharField(
        label=_("Task in one line"),
        max_length=500,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    project = forms.ModelChoiceField(label=_("Project"), queryset=None, empty_label=None)
    create_labels = forms.BooleanField(required=False)
    key = forms.UUIDField(required=False)

    def __init__(self, projects, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects
