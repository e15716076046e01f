import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import GroupAccess
from feedback.models import SatisfactionRollup
from imports.models import ImportRun
from projects.models import Goal, Project
from reports.selectors.attention import attention_of
from reports.selectors.today import first_steps, project_rows, totals_of
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory
from tests.factories.feedback import AnswerFactory, SurveyFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db


def in_days(days):
    return timezone.localdate() + dt.timedelta(days=days)


def score(group, *, n=20, value=80.0, month=1, metric="csat"):
    return SatisfactionRollup.objects.create(
        scope="group",
        scope_id=group.pk,
        metric=metric,
        period_kind="month",
        period_start=dt.date(2026, month, 1),
        n=n,
        answers=n,
        counts=[0, 0, 4, 8, 8],
        mean=4.2,
        score=value,
        low=value - 9,
        high=value + 9,
        invited=40,
        responded=n,
        computed_at=timezone.now(),
    )


@pytest.fixture
def project():
    return ProjectFactory(status=Project.Status.ACTIVE, due_on=in_days(30))


def test_attention_puts_the_latest_first(sign_in, project):
    user = sign_in("member", project)
    for days in (1, -3, -8, 5):
        TaskFactory(project=project, assignee=user, title=f"Due {days}", due_on=in_days(days))
    GoalFactory(project=project, owner=user, statement="Slips")
    Goal.objects.update(pace=Goal.Pace.BEHIND)

    lines = [line.title for line in attention_of(user)]

    assert lines == ["Due -8", "Due -3", "Slips", "Due 1"]


def test_attention_leaves_out_work_of_projects_left_behind(project):
    stranger = UserFactory()
    TaskFactory(project=project, assignee=stranger, due_on=in_days(-1))

    assert attention_of(stranger) == []


def test_attention_counts_unhappy_clients_once_each(sign_in, project):
    user = sign_in("lead", project.client_group)
    survey = SurveyFactory(client_group=project.client_group, open=True)
    question = survey.versions.get().questions.get(kind="nps")
    client = ClientFactory()
    for points, who in ((3, client), (5, client), (9, ClientFactory())):
        AnswerFactory(
            response__survey=survey,
            response__client=who,
            question=question,
            score=points,
            responded_on=in_days(-4),
        )

    (line,) = attention_of(user)

    assert line.title == "1 client would not recommend us"
    assert line.url == survey.get_absolute_url()


def test_attention_names_imports_that_wait(sign_in):
    user = sign_in("manager")
    run = ImportRun.objects.create(
        created_by=user, kind="purchases", state="checked", file_name="orders.csv", file_size=9
    )

    (line,) = attention_of(user)

    assert "orders.csv" in line.title
    assert line.url == run.get_absolute_url()


def test_attention_of_a_project_shows_everybodys_overdue_work(client, sign_in, project):
    TaskFactory(project=project, title="Somebody else's", due_on=in_days(-2))
    TaskFactory(title="Elsewhere", due_on=in_days(-2))
    sign_in("viewer", project)

    body = client.get(reverse("reports:project_attention", args=[project.pk])).text

    assert "Somebody else" in body
    assert "Elsewhere" not in body


def test_calm_attention_says_so(client, sign_in, project):
    sign_in("viewer", project)

    body = client.get(reverse("reports:project_attention", args=[project.pk])).text

    assert "Nothing is overdue" in body


def test_counts_hold_goals_by_pace_and_late_tasks(sign_in, project):
    user = sign_in("viewer", project)
    for pace in ("on_track", "on_track", "at_risk", "unknown"):
        goal = GoalFactory(project=project)
        Goal.objects.filter(pk=goal.pk).update(pace=pace)
    GoalFactory()
    TaskFactory(project=project, due_on=in_days(-1))
    TaskFactory(project=project, due_on=None)

    found = totals_of(user).counts

    assert (found.on_track, found.at_risk, found.behind, found.unknown) == (2, 1, 0, 1)
    assert (found.open_tasks, found.overdue, found.goals) == (2, 1, 4)


def test_project_rows_hold_the_latest_score_of_the_group(sign_in, project):
    user = sign_in("viewer", project.client_group)
    score(project.client_group, value=70.0, month=1)
    score(project.client_group, value=82.0, month=2)

    (row,) = project_rows(user)

    assert (row.project, row.score.value, row.score.n) == (project, 82.0, 20)


def test_project_rows_need_the_same_queries_for_one_and_many(sign_in, count_queries, project):
    user = sign_in("admin")
    one = count_queries(lambda: project_rows(user))
    for _ in range(3):
        ProjectFactory(status=Project.Status.ACTIVE)

    assert count_queries(lambda: project_rows(user)) == one


def test_home_page_shows_score_with_n_interval_and_link(client, sign_in, project):
    group = project.client_group
    SurveyFactory(client_group=group, project=project)
    score(group)
    GoalFactory(project=project, client_group=group, source="csat", target=85, baseline=60)
    sign_in("lead", group)

    body = client.get(reverse("reports:today")).text

    assert "80.0" in body
    assert "±9.0" in body
    assert "n = 20" in body
    assert "5.0 points are missing" in body
    assert "As of" in body


def test_home_page_hides_a_score_of_fewer_than_five(client, sign_in, project):
    SurveyFactory(client_group=project.client_group)
    score(project.client_group, n=4, value=77.0)
    sign_in("lead", project.client_group)

    body = client.get(reverse("reports:today")).text

    assert "77.0" not in body
    assert "n = 4" in body


@pytest.mark.parametrize(
    ("value", "sentence"),
    [(95.0, "The target is reached"), (88.0, "passes the target, but its interval")],
)
def test_home_page_says_whether_the_interval_passes_the_target(
    client, sign_in, project, value, sentence
):
    group = project.client_group
    SurveyFactory(client_group=group)
    score(group, value=value)
    GoalFactory(project=project, client_group=group, source="csat", target=85, baseline=60)
    sign_in("lead", group)

    assert sentence in client.get(reverse("reports:today")).text


def test_home_page_draws_the_group_that_was_chosen(client, sign_in, project):
    other = ProjectFactory()
    for group in (project.client_group, other.client_group):
        SurveyFactory(client_group=group)
    score(project.client_group, value=61.0)
    score(other.client_group, value=92.0)
    user = sign_in("lead", project.client_group)
    GroupAccess.objects.create(client_group=other.client_group, user=user, role="viewer")

    body = client.get(reverse("reports:today"), {"group": other.client_group_id}).text

    assert "92.0" in body


def test_first_steps_vanish_once_all_are_done(sign_in, project):
    user = sign_in("admin")
    steps = first_steps(user, totals_of(user).done)
    assert [step["done"] for step in steps] == [False, True, False, False]

    ClientFactory()
    GoalFactory(project=project)
    SurveyFactory(client_group=project.client_group)

    assert first_steps(user, totals_of(user).done) is None


def test_home_page_teaches_a_person_without_anything(client, sign_in):
    sign_in("outsider")

    body = client.get(reverse("reports:today")).text

    assert "First steps" in body
    assert "No running project" in body


def test_home_page_stays_within_its_queries(client, sign_in, count_queries, project):
    sign_in("admin")
    for _ in range(3):
        TaskFactory(project=ProjectFactory(status=Project.Status.ACTIVE), due_on=in_days(-1))
    url = reverse("reports:today")

    assert count_queries(lambda: client.get(url)) <= 17
