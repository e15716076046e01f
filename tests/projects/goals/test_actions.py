"""Starting, closing and reporting on goals in the browser, with and without htmx."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from projects.models import CheckIn, Goal, GoalMeasurement
from tests.factories.goals import GoalFactory, GoalMeasurementFactory

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name, goal, *more):
    return reverse(f"projects:{name}", args=[goal.project_id, goal.pk, *more])


# Starting, closing, cancelling -------------------------------------------------------------------


def test_starting_a_vague_draft_opens_the_form_with_its_faults(client, sign_in):
    goal = GoalFactory(draft=True, unit="", due_on=None)
    sign_in("lead", goal)

    page = client.post(url("goal_activate", goal))

    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"unit", "due_on"}
    goal.refresh_from_db()
    assert goal.state == "draft"


def test_starting_a_complete_draft(client, sign_in):
    goal = GoalFactory(draft=True)
    sign_in("lead", goal)

    assert client.post(url("goal_activate", goal)).status_code == 302

    goal.refresh_from_db()
    assert goal.state == "active"


def test_closing_needs_a_summary_and_can_be_undone_from_the_toast(client, sign_in):
    goal = GoalFactory(progress="0.9")
    sign_in("lead", goal)
    assert "90%" in client.get(url("goal_close", goal)).text

    page = client.post(url("goal_close", goal), {"outcome": "achieved", "summary": " "})
    assert page.status_code == 422
    assert "Say in a sentence how it went and why." in page.text

    page = client.post(
        url("goal_close", goal), {"outcome": "achieved", "summary": "Done."}, follow=True
    )
    assert url("goal_reopen", goal) in page.text
    client.post(url("goal_reopen", goal))
    goal.refresh_from_db()
    assert (goal.state, goal.closing_summary) == ("active", "")


def test_closing_a_draft_is_refused_in_the_form(client, sign_in):
    goal = GoalFactory(draft=True)
    sign_in("lead", goal)

    page = client.post(url("goal_close", goal), {"outcome": "achieved", "summary": "Done."})

    assert page.status_code == 422
    assert "Only a running goal can be closed." in page.text


def test_cancelling_by_htmx_answers_with_the_page_of_the_goal(client, sign_in):
    goal = GoalFactory()
    sign_in("lead", goal)

    page = client.post(url("goal_cancel", goal), **HTMX)

    assert page.status_code == 200
    assert f'id="goal-{goal.pk}"' in page.text
    assert "<html" not in page.text
    assert f'id="goal-{goal.pk}"' in client.get(goal.get_absolute_url()).text


def test_refusals_of_cancelling_and_reopening_are_said(client, sign_in):
    closed = GoalFactory(state="achieved", closing_summary="Done.")
    parent = GoalFactory(project=closed.project, state="cancelled")
    below = GoalFactory(project=closed.project, parent=parent, state="cancelled")
    sign_in("lead", closed)

    page = client.post(url("goal_cancel", closed), follow=True)
    assert "This goal is closed." in page.text

    page = client.post(url("goal_reopen", below), follow=True)
    assert "Reopen it first." in page.text


# Values and check-ins ----------------------------------------------------------------------------


def test_owner_enters_corrects_removes_and_restores_a_value(client, sign_in):
    goal = GoalFactory()
    goal.owner = sign_in("member", goal)
    goal.save()
    today = goal.start_on.isoformat()

    client.post(url("goal_measure", goal), {"measured_on": today, "value": "40", "source": "Desk"})
    entry = GoalMeasurement.objects.get()
    edit = url("measurement_edit", goal, entry.pk)
    assert "40" in client.get(edit).text
    client.post(edit, {"measured_on": today, "value": "50", "source": "Desk"})
    goal.refresh_from_db()
    assert goal.current_value == 50

    page = client.post(url("measurement_delete", goal, entry.pk), follow=True)
    assert not GoalMeasurement.objects.exists()
    event = AuditEvent.objects.get(verb="goal.measurement_deleted")
    assert url("measurement_restore", goal, event.pk) in page.text
    client.post(url("measurement_restore", goal, event.pk))
    assert GoalMeasurement.objects.get().value == 50


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"measured_on": "2999-01-01", "value": "1"}, "measured_on", "lies in the future"),
        ({"measured_on": "1970-01-01", "value": "1"}, "measured_on", "too far back"),
        ({"measured_on": "2026-01-01", "value": "many"}, "value", "Enter a number"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field(client, sign_in, data, field, sentence):
    goal = GoalFactory()
    sign_in("lead", goal)

    page = client.post(url("goal_measure", goal), data)

    assert page.status_code == 422
    assert sentence in page.context["form"].errors[field][0]
    assert not GoalMeasurement.objects.exists()


def test_a_score_takes_no_value_by_hand(client, sign_in):
    goal = GoalFactory(csat=True)
    entry = GoalMeasurementFactory(goal=goal, source_key="csat:month:2026-11-01")
    sign_in("lead", goal)
    data = {"measured_on": goal.start_on.isoformat(), "value": "99", "source": ""}

    page = client.post(url("goal_measure", goal), data)
    assert "come from surveys" in page.text

    page = client.post(url("measurement_edit", goal, entry.pk), data)
    assert "Correct the answers instead." in page.text

    page = client.post(url("measurement_delete", goal, entry.pk), follow=True)
    assert "Correct the answers instead." in page.text
    assert GoalMeasurement.objects.get().value == 50


def test_a_value_of_another_goal_is_not_found(client, sign_in):
    goal, entry = GoalFactory(), GoalMeasurementFactory()
    sign_in("lead", goal)

    assert client.get(url("measurement_edit", goal, entry.pk)).status_code == 404


def test_removing_a_value_that_somebody_removed_meanwhile_offers_no_undo(
    client, sign_in, monkeypatch
):
    entry = GoalMeasurementFactory()
    sign_in("lead", entry)
    monkeypatch.setattr(
        "projects.views.measurements.delete_measurement", lambda measurement, actor: None
    )

    page = client.post(url("measurement_delete", entry.goal, entry.pk), follow=True)

    assert "The value is removed." in page.text
    assert "/measurements/restore/" not in page.text


def test_restoring_into_a_closed_goal_is_refused(client, sign_in):
    goal = GoalFactory()
    entry = GoalMeasurementFactory(goal=goal)
    sign_in("lead", goal)
    client.post(url("measurement_delete", goal, entry.pk))
    event = AuditEvent.objects.get()
    Goal.objects.update(state="achieved", closing_summary="Done.")

    page = client.post(url("measurement_restore", goal, event.pk), follow=True)

    assert "Reopen it to change it." in page.text
    assert client.post(url("measurement_restore", goal, event.pk + 1)).status_code == 404


def test_check_in_by_htmx_and_by_form(client, sign_in):
    goal = GoalFactory()
    sign_in("lead", goal)
    address = url("goal_check_in", goal)
    assert "confidence" in client.get(address).text

    page = client.post(address, {"note": "Two stores left.", "confidence": "70"}, **HTMX)
    assert "Two stores left." in page.text
    assert client.post(address, {"note": "Done.", "confidence": "90"}).status_code == 302
    assert CheckIn.objects.count() == 2

    page = client.post(address, {"note": "Kept text", "confidence": "120"})
    assert page.status_code == 422
    assert "Kept text" in page.text


def test_check_in_into_a_closed_goal_is_refused(client, sign_in):
    goal = GoalFactory(state="missed", closing_summary="Late.")
    sign_in("lead", goal)

    page = client.post(url("goal_check_in", goal), {"note": "Hm", "confidence": "1"})

    assert page.status_code == 422
    assert "This goal is closed." in page.text


@pytest.mark.parametrize("name", ["goal_measure", "goal_check_in"])
def test_a_member_reports_only_on_own_goals(client, sign_in, name):
    goal = GoalFactory()
    user = sign_in("member", goal)
    assert client.get(url(name, goal)).status_code == 403

    Goal.objects.update(owner=user)
    assert client.get(url(name, goal)).status_code == 200


def test_a_former_member_who_still_owns_a_goal_cannot_report(client, sign_in):
    goal = GoalFactory()
    goal.owner = sign_in("viewer", goal)
    goal.save()

    assert client.get(url("goal_check_in", goal)).status_code == 403
