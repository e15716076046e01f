from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.once_forms import Once
from clientgroups.models import ClientGroup
from feedback.models import Question, Survey
from feedback.services.wordings import BY_KIND, STARTS
from projects.models import Project

START_LABELS = {
    "relationship": _("Recommendation, satisfaction and a comment"),
    "effort": _("Effort and a comment, after a matter was settled"),
    "empty": _("No questions yet"),
}


class SurveyCreateForm(Once, forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=160, help_text=_("For your team; clients see the title.")
    )
    client_group = forms.ModelChoiceField(
        ClientGroup.objects.none(),
        label=_("Client group"),
        empty_label=_("Choose a client group"),
    )
    project = forms.ModelChoiceField(
        Project.objects.none(),
        label=_("Project"),
        required=False,
        empty_label=_("No project"),
        help_text=_("Optional: its page shows the scores of this survey too."),
    )
    start = forms.ChoiceField(
        label=_("Start with"),
        choices=[(key, START_LABELS[key]) for key in STARTS],
        widget=forms.RadioSelect,
        initial="relationship",
    )

    def __init__(self, groups, projects, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["client_group"].queryset = groups
        self.fields["project"].queryset = projects

    @property
    def questions(self):
        return STARTS[self.cleaned_data["start"]]


class SurveyTextForm(forms.ModelForm):
    class Meta:
        model = Survey
        fields = ["name", "project", "title_en", "title_zh", "intro_en", "intro_zh"]
        widgets = {
            "intro_en": forms.Textarea(attrs={"rows": 3}),
            "intro_zh": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, projects, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects
        self.fields["project"].empty_label = _("No project")


class QuestionForm(forms.Form):
    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=Question.Kind.choices, widget=forms.HiddenInput)
    text_en = forms.CharField(label=_("Question (English)"), max_length=500, required=False)
    text_zh = forms.CharField(label=_("Question (Chinese)"), max_length=500, required=False)
    is_required = forms.BooleanField(label=_("Must be answered"), required=False)

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("text_en") and not cleaned.get("text_zh"):
            self.add_error("text_en", _("Word the question in at least one language."))
        return cleaned

    @property
    def wordings(self):
        return [self["text_en"], self["text_zh"]]

    @property
    def kind_label(self):
        kind = self["kind"].value()
        return Question.Kind(kind).label if kind in Question.Kind.values else ""


class QuestionList:
    """The questions of the builder as posted: every button saves what was typed.

    The row fields are named q0-text_en, q1-text_en …; `do` says which button was pressed.
    """

    FIELDS = ("id", "kind", "text_en", "text_zh", "is_required")
    MOST = 50

    def __init__(self, rows, bound):
        self.rows = rows
        self.forms = []
        for number, row in enumerate(rows):
            prefix = f"q{number}"
            data = {f"{prefix}-{name}": value for name, value in row.items() if value}
            self.forms.append(
                QuestionForm(data, prefix=prefix) if bound else QuestionForm(initial=row)
            )
        if not bound:
            for number, form in enumerate(self.forms):
                form.prefix = f"q{number}"

    @classmethod
    def of(cls, version):
        return cls(list(version.questions.values(*cls.FIELDS)), bound=False)

    @classmethod
    def posted(cls, data):
        rows = []
        for number in range(cls.MOST):
            if f"q{number}-kind" not in data:
                break
            rows.append({name: data.get(f"q{number}-{name}", "") for name in cls.FIELDS})
        return cls(cls._after(rows, data.get("do", "")), bound=True)

    @staticmethod
    def _after(rows, action):
        verb, _dash, what = action.partition("-")
        if verb == "add" and what in BY_KIND and len(rows) < QuestionList.MOST:
            return [*rows, dict(BY_KIND[what])]
        if not what.isdecimal() or int(what) >= len(rows):
            return rows
        at = int(what)
        row = rows.pop(at)
        if verb == "up":
            rows.insert(max(at - 1, 0), row)
        elif verb == "down":
            rows.insert(at + 1, row)
        elif verb != "remove":
            rows.insert(at, row)
        return rows

    def is_valid(self):
        return all([form.is_valid() for form in self.forms])

    @property
    def cleaned(self):
        return [form.cleaned_data for form in self.forms]
