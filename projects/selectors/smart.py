"""Is a goal SMART? Says which letter fails, why, and how to mend it."""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core.formats import day
from projects.models import Goal

HAN = re.compile("[\u3400-\u9fff]")
FEWEST_WORDS, FEWEST_HAN = 3, 6


@dataclass
class Letter:
    """One letter: sentences that stand in the way of starting, and mere advice, by field."""

    key: str
    name: str
    asks: str
    faults: list[tuple[str, str]] = field(default_factory=list)
    advice: list[tuple[str, str]] = field(default_factory=list)
    remark: str = ""

    @property
    def is_met(self) -> bool:
        return not self.faults and not self.advice


def smart_letters(goal: Goal, history: str = "") -> list[Letter]:
    """The five letters for a goal, saved or not. `history` may speak for the A."""
    return [_specific(goal), _measurable(goal), _achievable(goal, history), _relevant(goal),
            _timed(goal)]  # fmt: skip


def smart_faults(goal: Goal) -> dict[str, list[str]]:
    """Sentences by field that keep a goal from being started."""
    found = {}
    for letter in smart_letters(goal):
        for name, sentence in letter.faults:
            found.setdefault(name, []).append(sentence)
    return found


def is_smart(goal: Goal) -> bool:
    return not smart_faults(goal)


def _specific(goal):
    letter = Letter("S", _("Specific"), _("Says what will be different, and for whom."))
    text = goal.statement.strip()
    if not text:
        letter.faults.append(("statement", _("Write the goal as one sentence.")))
    elif len(HAN.findall(text)) < FEWEST_HAN and len(text.split()) < FEWEST_WORDS:
        letter.advice.append(
            ("statement", _("This is short. Say what will be different, and for whom."))
        )
    return letter


def _measurable(goal):
    letter = Letter("M", _("Measurable"), _("A metric with a unit, from a baseline to a target."))
    if not goal.is_measured:
        letter.remark = goal.get_source_display()
        return letter
    wanted = {
        "metric": _("Name what is measured, for example “Answered within two hours”."),
        "unit": _("Name the unit, for example %, days or points of 100."),
        "baseline": _("Enter the value from which you start."),
        "target": _("Enter the value that you want to reach."),
    }
    for name, sentence in wanted.items():
        if getattr(goal, name) in (None, ""):
            letter.faults.append((name, sentence))
    if goal.baseline is not None and goal.baseline == goal.target:
        letter.faults.append(
            ("target", _("Baseline and target are the same: choose a target that differs."))
        )
    return letter


def _achievable(goal, history):
    letter = Letter(
        "A", _("Achievable"), _("There is a reason to believe that it can be reached."), [], []
    )
    letter.remark = history
    if not goal.attainability.strip() and not history:
        letter.advice.append(
            ("attainability", _("Say why it can be reached: what was managed before, and by whom."))
        )
    return letter


def _relevant(goal):
    letter = Letter("R", _("Relevant"), _("Serves the client group, the project or a larger goal."))
    served = goal.parent or goal.client_group or goal.project
    letter.remark = _("Serves “%(noun)s”.") % {"noun": served}
    if not goal.relevance.strip():
        letter.advice.append(
            ("relevance", _("Say why it matters for “%(noun)s”.") % {"noun": served})
        )
    return letter


def _timed(goal):
    letter = Letter("T", _("Time-bound"), _("An owner, a start and a due date."))
    if goal.owner_id is None:
        letter.faults.append(("owner", _("Choose the one person who answers for it.")))
    if goal.start_on is None:
        letter.faults.append(("start_on", _("Enter the day on which it starts.")))
    if goal.due_on is None:
        letter.faults.append(("due_on", _("Enter the day on which it is due.")))
    letter.faults += date_faults(goal)
    return letter


def date_faults(goal: Goal) -> list[tuple[str, str]]:
    """Dates that contradict each other or lie outside those of the parent, by field."""
    start, due, parent = goal.start_on, goal.due_on, goal.parent
    faults = []
    if start and due and due <= start:
        faults.append(("due_on", _("A goal is due after it starts.")))
    if parent is None:
        return faults
    if start and parent.start_on and start < parent.start_on:
        sentence = _("Its parent “%(goal)s” starts on %(day)s: start on that day or later.")
        faults.append(("start_on", sentence % {"goal": parent, "day": day(parent.start_on)}))
    if due and parent.due_on and due > parent.due_on:
        sentence = _("Its parent “%(goal)s” is due on %(day)s: choose that day or an earlier one.")
        faults.append(("due_on", sentence % {"goal": parent, "day": day(parent.due_on)}))
    return faults
