"""Pages of goals, with and without htmx, for those who may and those who may not."""

import pytest
from django.urls import reverse

from projects.models import Goal
from tests.factories.goals import CheckInFactory, GoalFactory, GoalMeasurementFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name, goal, *more):
    return reverse(f"projects:{name}", args=[goal.project_id, goal.pk, *more])


def filled(goal, **changes):
    """What a browser would send of the goal's form."""
    data = {
        "statement": goal.statement,
        "source": goal.source,
        "metric": goal.metric,
        "unit": goal.unit,
        "baseline": "0",
        "target": "100",
        "judged_by": "interval",
        "weight": "1",
        "owner": goal.project.lead_id,
        "start_on": goal.start_on.isoformat(),
        "due_on": goal.due_on.isoformat(),
        "version": goal.version or "",
        "do": "save",
    }
    return {name: value for name, value in (data | changes).items() if value is not None}


def create_url(project, query=""):
    return reverse("projects:goal_create", args=[project.pk]) + query


# List --------------------------------------------------------------------------------------------


def test_list_shows_the_tree_with_progress_and_reason(client, sign_in):
    parent = GoalFactory(pace="at_risk", progress="0.64")
    parent.pace_reasons = [{"code": "overdue", "days": 3, "path": ["Weekend rota"]}]
    parent.save()
    GoalFactory(project=parent.project, parent=parent, statement="Weekend rota")
    sign_in("viewer", parent)

    page = client.get(reverse("projects:goal_list", args=[parent.project_id]))

    text = page.text
    assert "“Weekend rota” is 3 days overdue." in text
    assert "64%" in text
    assert text.index(str(parent)) < text.rindex("Weekend rota")
    assert "Add goal" not in text


def test_list_without_goals_invites_a_lead_and_only_informs_a_viewer(client, sign_in):
    project = ProjectFactory()
    address = reverse("projects:goal_list", args=[project.pk])
    sign_in("lead", project)
    assert create_url(project) in client.get(address).text

    sign_in("viewer", project)
    assert create_url(project) not in client.get(address).text


@pytest.mark.parametrize(
    ("show", "seen"),
    [
        ("", {"Runs", "Slips"}),
        ("?show=nonsense", {"Runs", "Slips"}),
        ("?show=slipping", {"Slips"}),
        ("?show=closed", {"Given up"}),
        ("?show=mine", set()),
    ],
)
def test_list_narrows_by_chip(client, sign_in, show, seen):
    project = ProjectFactory()
    GoalFactory(project=project, statement="Runs", pace="on_track")
    GoalFactory(project=project, statement="Slips", pace="behind")
    GoalFactory(project=project, statement="Given up", state="cancelled")
    sign_in("viewer", project)

    text = client.get(reverse("projects:goal_list", args=[project.pk]) + show).text

    assert {name for name in ("Runs", "Slips", "Given up") if name in text} == seen


def test_list_answers_htmx_with_its_fragment(client, sign_in):
    goal = GoalFactory()
    sign_in("viewer", goal)
    address = reverse("projects:goal_list", args=[goal.project_id])

    fragment = client.get(address, **HTMX).text

    assert fragment.lstrip().startswith("<div")
    assert "<html" not in fragment
    assert 'id="goal-list"' in client.get(address).text


def test_list_keeps_the_number_of_queries(client, sign_in, count_queries):
    first = GoalFactory()
    sign_in("admin")
    address = reverse("projects:goal_list", args=[first.project_id])
    client.get(address)
    one = count_queries(lambda: client.get(address))
    for _ in range(2):
        GoalFactory(project=first.project, parent=first)

    assert count_queries(lambda: client.get(address)) == one


# Detail ------------------------------------------------------------------------------------------


def test_detail_of_a_measured_goal_shows_chart_values_and_check_ins(client, sign_in):
    goal = GoalFactory(csat=True)
    GoalMeasurementFactory(goal=goal, value="78", low="75", high="81", n=200, source="CSAT")
    GoalMeasurementFactory(
        goal=goal, value="76", low="70", high="82", n=90, measured_on=goal.start_on
    )
    CheckInFactory(goal=goal, note="<script>alert(1)</script>")
    sign_in("viewer", goal)

    text = client.get(goal.get_absolute_url()).text

    assert "n = 200" in text
    assert "<svg" in text
    assert "Interval (95 %)" in text
    assert "&lt;script&gt;alert(1)" in text
    assert reverse("projects:goal_edit", args=[goal.project_id, goal.pk]) not in text


def test_detail_says_too_few_and_draws_a_dash_without_data(client, sign_in):
    goal = GoalFactory(csat=True)
    sign_in("viewer", goal)
    assert "<b>–</b>" in client.get(goal.get_absolute_url()).text

    GoalMeasurementFactory(goal=goal, value="78", low="50", high="95", n=7)
    assert "Too few to compare: 7 answers." in client.get(goal.get_absolute_url()).text


def test_detail_of_a_goal_from_tasks_and_of_one_from_sub_goals(client, sign_in):
    goal = GoalFactory(from_tasks=True)
    TaskFactory(project=goal.project, goal=goal, done=True)
    parent = GoalFactory(project=goal.project, from_subgoals=True, progress="0.4")
    GoalFactory(project=goal.project, parent=parent, progress="0.4")
    GoalFactory(project=goal.project, parent=parent)
    sign_in("lead", goal)

    assert "1 of 1 task done" in client.get(goal.get_absolute_url()).text
    assert "1 of 2 sub-goals measured" in client.get(parent.get_absolute_url()).text


@pytest.mark.parametrize("state", ["draft", "achieved", "cancelled"])
def test_detail_offers_what_fits_the_state(client, sign_in, state):
    goal = GoalFactory(state=state, closing_summary="All stores follow it.")
    sign_in("lead", goal)

    text = client.get(goal.get_absolute_url()).text

    assert (url("goal_activate", goal) in text) is (state == "draft")
    assert (url("goal_reopen", goal) in text) is (state != "draft")


@pytest.mark.parametrize(
    "name",
    ["goal_detail", "goal_edit", "goal_close", "goal_measure", "goal_check_in"],
)
def test_a_goal_of_another_project_is_not_found(client, sign_in, name):
    goal, other = GoalFactory(), GoalFactory()
    sign_in("lead", goal)
    address = reverse(f"projects:{name}", args=[goal.project_id, other.pk])

    assert client.get(address).status_code == 404


# Form --------------------------------------------------------------------------------------------


def test_lead_stores_a_draft_that_lacks_most(client, sign_in):
    project = ProjectFactory()
    sign_in("lead", project)

    data = {"statement": "Answer faster", "source": "manual", "judged_by": "interval",
            "weight": "1", "do": "save"}  # fmt: skip
    response = client.post(create_url(project), data)

    goal = Goal.objects.get()
    assert response.status_code == 302
    assert (goal.state, goal.statement) == ("draft", "Answer faster")


def test_lead_stores_and_starts_at_once(client, sign_in):
    project = ProjectFactory()
    sign_in("lead", project)

    client.post(create_url(project), filled(GoalFactory.build(project=project), do="start"))

    assert Goal.objects.get().state == "active"


def test_starting_what_cannot_be_measured_says_so_beside_the_field_and_keeps_the_text(
    client, sign_in
):
    project = ProjectFactory()
    sign_in("lead", project)
    data = filled(GoalFactory.build(project=project), do="start", metric="", target="0", due_on="")

    page = client.post(create_url(project), data)

    assert page.status_code == 422
    assert not Goal.objects.exists()
    errors = page.context["form"].errors
    assert set(errors) == {"metric", "target", "due_on"}
    assert errors["target"] == ["Baseline and target are the same: choose a target that differs."]
    assert data["statement"] in page.text


def test_check_button_reports_without_storing(client, sign_in):
    project = ProjectFactory()
    sign_in("lead", project)
    data = filled(GoalFactory.build(project=project), do="check", unit="")

    page = client.post(create_url(project), data)

    assert page.status_code == 200
    assert "Name the unit" in page.text
    assert not Goal.objects.exists()


def test_live_check_answers_with_the_letters_alone(client, sign_in):
    project = ProjectFactory()
    sign_in("lead", project)
    data = filled(GoalFactory.build(project=project), owner="", due_on="nonsense")

    page = client.post(reverse("projects:goal_check", args=[project.pk]), data, **HTMX)

    assert page.text.lstrip().startswith("<ol")
    assert "Choose the one person who answers for it." in page.text
    assert not Goal.objects.exists()


def test_sub_goal_starts_with_the_dates_of_its_parent(client, sign_in):
    parent = GoalFactory()
    sign_in("lead", parent)

    form = client.get(create_url(parent.project, f"?parent={parent.pk}")).context["form"]

    assert form["parent"].value() == parent.pk
    assert form["due_on"].value() == parent.due_on


@pytest.mark.parametrize("key", ["999999", "x", "9" * 30])
def test_sub_goal_of_an_unknown_parent_is_a_plain_goal(client, sign_in, key):
    project = ProjectFactory()
    sign_in("lead", project)

    form = client.get(create_url(project, f"?parent={key}")).context["form"]

    assert form["parent"].value() is None


def test_score_goals_get_metric_and_unit_by_themselves(client, sign_in):
    project = ProjectFactory()
    sign_in("lead", project)
    data = filled(
        GoalFactory.build(project=project), source="csat", metric="", unit="", do="start",
        baseline="75", target="85", client_group=project.client_group_id,
    )  # fmt: skip

    client.post(create_url(project), data)

    goal = Goal.objects.get()
    assert (goal.state, goal.unit) == ("active", "points of 100")
    assert goal.metric == "Share of satisfied answers (CSAT)"
    assert goal.client_group == project.client_group


def test_edit_stores_and_a_stale_form_shows_what_the_other_wrote(client, sign_in):
    goal = GoalFactory()
    sign_in("lead", goal)
    data = filled(goal, owner=goal.owner_id, target="90")
    assert client.post(url("goal_edit", goal), data).status_code == 302

    page = client.post(url("goal_edit", goal), data | {"target": "80"})

    assert page.status_code == 409
    assert "Somebody else has changed this goal" in page.text
    assert page.context["others"] == [("Target", Goal.objects.get().target)]
    assert page.context["form"]["target"].value() == "80"

    again = data | {"target": "80", "version": page.context["form"]["version"].value()}
    assert client.post(url("goal_edit", goal), again).status_code == 302
    assert Goal.objects.get().target == 80


def test_edit_refuses_to_hollow_out_a_running_goal(client, sign_in):
    goal = GoalFactory()
    sign_in("lead", goal)

    page = client.post(url("goal_edit", goal), filled(goal, owner="", do="save"))

    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["owner"]


def test_form_shows_figures_without_empty_decimals(client, sign_in):
    goal = GoalFactory(baseline="9.5", target="1200", weight="3")
    goal.refresh_from_db()
    sign_in("lead", goal)

    form = client.get(url("goal_edit", goal)).context["form"]

    assert [form[name].value() for name in ("baseline", "target", "weight")] == ["9.5", "1200", "3"]


def test_form_offers_no_foreign_parents_owners_or_groups(client, sign_in):
    goal, stranger = GoalFactory(), GoalFactory()
    below = GoalFactory(project=goal.project, parent=goal)
    sign_in("lead", goal)

    fields = client.get(url("goal_edit", goal)).context["form"].fields

    assert not set(fields["parent"].queryset) & {goal, below, stranger}
    assert stranger.owner not in fields["owner"].queryset
    assert list(fields["client_group"].queryset) == [goal.project.client_group]
