import uuid
from functools import lru_cache

from django import forms
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from feedback.models import Question
from feedback.services.responses import TEXT_LIMIT

# The words at the ends of a scale, and for satisfaction at every point.
WORDS = {
    "nps": {0: _("Not at all likely"), 10: _("Extremely likely")},
    "csat": {
        1: _("Very dissatisfied"),
        2: _("Dissatisfied"),
        3: _("Neither satisfied nor dissatisfied"),
        4: _("Satisfied"),
        5: _("Very satisfied"),
    },
    "ces": {1: _("Very difficult"), 7: _("Very easy")},
}


@lru_cache(maxsize=2048)
def draw_options(name, kind, is_required, chosen, language):
    """Eleven radio buttons cost more than the rest of the page, so they are kept."""
    low, high = Question.SCALES[kind]
    words = WORDS[kind]
    choices = [(n, words.get(n, ""), chosen == str(n)) for n in range(low, high + 1)]
    context = {"name": name, "kind": kind, "is_required": is_required, "choices": choices}
    return render_to_string("feedback/answer/_options.html", context)


class Item:
    """A question with what was typed and what is wrong, ready to be drawn by hand."""

    def __init__(self, form, question, number):
        self.question, self.number = question, number
        self.name = f"q{question.pk}"
        self.text = question.text
        self.kind = question.kind
        self.is_required = question.is_required
        self.value = form.data.get(self.name, "") if form.is_bound else ""
        self.error = form.errors.get(self.name, [""])[0] if form.is_bound else ""

    @property
    def options(self):
        """The radio buttons; drawn once per question, language and choice, then remembered."""
        low, high = self.question.scale
        chosen = self.value if self.value in map(str, range(low, high + 1)) else ""
        return draw_options(self.name, self.kind, self.is_required, chosen, get_language())

    @property
    def low_word(self):
        return WORDS[self.kind][self.question.scale[0]]

    @property
    def high_word(self):
        return WORDS[self.kind][self.question.scale[1]]


class AnswerForm(forms.Form):
    """The answer sheet of one version; fields are named after the keys of its questions."""

    submission_key = forms.UUIDField()

    def __init__(self, questions, data=None):
        super().__init__(data)
        self.questions = questions
        for question in questions:
            self.fields[f"q{question.pk}"] = self._field(question)

    @staticmethod
    def _field(question):
        required = {"required": _("Please answer this question.")}
        if question.kind == Question.Kind.TEXT:
            return forms.CharField(
                required=question.is_required, max_length=TEXT_LIMIT, error_messages=required
            )
        low, high = question.scale
        wrong = _("Please choose one of the answers.")
        messages = dict.fromkeys(["invalid", "min_value", "max_value"], wrong)
        return forms.IntegerField(
            required=question.is_required,
            min_value=low,
            max_value=high,
            error_messages=messages | required,
        )

    @property
    def items(self):
        return [Item(self, question, n) for n, question in enumerate(self.questions, 1)]

    @property
    def wrong_items(self):
        return [item for item in self.items if item.error]

    @property
    def key(self):
        """Sent with the form, so that sending it twice makes one response."""
        return self.data.get("submission_key", "") if self.is_bound else uuid.uuid4()

    @property
    def answers(self):
        return {q.pk: self.cleaned_data[f"q{q.pk}"] for q in self.questions}
