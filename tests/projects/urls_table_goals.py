"""Rows of the URL × role table for goals; tests/projects/urls_table.py adds them to its own."""

from accounts.models import AuditEvent
from projects.services.measurements import delete_measurement
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.goals import GoalFactory, GoalMeasurementFactory
from tests.factories.projects import ProjectFactory
from tests.url_table import LEAD, VIEW, Url


def _one(goal):
    return {"pk": goal.project_id, "goal_pk": goal.pk}


def _value(entry):
    return _one(entry.goal) | {"entry_pk": entry.pk}


def _removed(goal):
    event = AuditEvent.objects.get(target_id=str(goal.pk), verb="goal.measurement_deleted")
    return _one(goal) | {"event_pk": event.pk}


def _with_removed_value():
    entry = GoalMeasurementFactory()
    delete_measurement(measurement=entry, actor=UserFactory())
    return entry.goal


def _value_form(entry):
    return {"measured_on": entry.measured_on, "value": "60", "source": ""}


# A member may report values and check in only where he owns the goal: see tests of the views.
GOAL_ROWS = [
    Url("projects:group_goals", VIEW, make=ClientGroupFactory),
    Url(
        "projects:goal_list",
        VIEW,
        make=ProjectFactory,
        grow=lambda project: GoalFactory(project=project),
    ),
    Url("projects:goal_create", LEAD, make=ProjectFactory),
    Url("projects:goal_check", LEAD, make=ProjectFactory, post={"statement": "Answer faster"}),
    Url("projects:goal_detail", VIEW, make=GoalFactory, kwargs=_one),
    Url("projects:goal_edit", LEAD, make=GoalFactory, kwargs=_one),
    Url("projects:goal_activate", LEAD, make=GoalFactory, kwargs=_one, post={}),
    Url("projects:goal_close", LEAD, make=GoalFactory, kwargs=_one),
    Url("projects:goal_cancel", LEAD, make=GoalFactory, kwargs=_one, post={}),
    Url("projects:goal_reopen", LEAD, make=GoalFactory, kwargs=_one, post={}),
    Url("projects:goal_measure", LEAD, make=GoalFactory, kwargs=_one),
    Url(
        "projects:measurement_edit",
        LEAD,
        make=GoalMeasurementFactory,
        kwargs=_value,
        post=_value_form,
    ),
    Url("projects:measurement_delete", LEAD, make=GoalMeasurementFactory, kwargs=_value, post={}),
    Url(
        "projects:measurement_restore",
        LEAD,
        make=_with_removed_value,
        kwargs=_removed,
        post={},
    ),
    Url("projects:goal_check_in", LEAD, make=GoalFactory, kwargs=_one),
]
