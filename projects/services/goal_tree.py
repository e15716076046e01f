"""What keeps a project's goals a tree: no cycles, eight levels, dates inside the parent's.

Every change of a tree holds the lock of its project's row, so two moves at once cannot close a
circle that neither of them saw.
"""

from collections import defaultdict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.formats import day
from projects.models import Goal, Project
from projects.selectors.smart import date_faults

DEEPEST = 8


def lock_tree(project_id: int) -> Project:
    """Lock a project's goals for the rest of the transaction; readers and tasks are not held up."""
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


def check_place(goal: Goal) -> None:
    """Refuse a parent that makes a circle, belongs elsewhere, is closed, or lies too deep."""
    parent = goal.parent
    if parent is None:
        return
    if parent.project_id != goal.project_id:
        raise ValidationError({"parent": _("Choose a goal of the same project as parent.")})
    if not parent.is_open:
        raise ValidationError(
            {"parent": _("The parent “%(goal)s” is closed. Reopen it first.") % {"goal": parent}}
        )
    parents, children = _links(goal.project_id)
    above = _chain(parent.pk, parents)
    if goal.pk in above:
        raise ValidationError(
            {"parent": _("A goal cannot stand below itself or below one of its own sub-goals.")}
        )
    height = _height(goal.pk, children) if goal.pk else 1
    if len(above) + height > DEEPEST:
        raise ValidationError(
            {
                "parent": _("Goals can stand at most %(levels)s levels deep. Choose a parent "
                            "further up.") % {"levels": DEEPEST}
            }
        )  # fmt: skip


def check_dates(goal: Goal) -> None:
    """Refuse dates outside the parent's, or that leave a live sub-goal outside."""
    faults = defaultdict(list)
    for name, sentence in date_faults(goal):
        faults[name].append(sentence)
    if goal.pk:
        for name, sentence in _left_outside(goal):
            faults[name].append(sentence)
    if faults:
        raise ValidationError(dict(faults))


def descendants_of(goal: Goal) -> list[int]:
    """Primary keys of everything below a goal."""
    _parents, children = _links(goal.project_id)
    found, waiting = [], [goal.pk]
    while waiting:
        below = children[waiting.pop()]
        found += below
        waiting += below
    return found


def _links(project_id):
    rows = Goal.objects.filter(project=project_id).values_list("pk", "parent")
    parents, children = dict(rows), defaultdict(list)
    for key, parent in parents.items():
        children[parent].append(key)
    return parents, children


def _chain(key, parents):
    """The goal and everything above it; ends even if stored rows formed a circle."""
    found = []
    while key is not None and key not in found:
        found.append(key)
        key = parents.get(key)
    return found


def _height(key, children):
    """Levels from a goal down to its deepest sub-goal, itself included."""
    return 1 + max((_height(child, children) for child in children.get(key, ())), default=0)


def _left_outside(goal):
    children = Goal.objects.live().filter(parent=goal.pk)
    for child in children:
        values = {"goal": child, "day": day(child.start_on)}
        if goal.start_on and child.start_on and child.start_on < goal.start_on:
            yield "start_on", _("Its sub-goal “%(goal)s” already starts on %(day)s.") % values
        if goal.due_on and child.due_on and child.due_on > goal.due_on:
            values["day"] = day(child.due_on)
            yield "due_on", _("Its sub-goal “%(goal)s” is only due on %(day)s.") % values
