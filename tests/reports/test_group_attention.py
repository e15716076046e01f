import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import RequestType, ServiceRequest, TouchPlan
from reports.selectors.group_attention import group_attention
from tests.factories.accounts import UserFactory
from tests.factories.activities import ActivityFactory, ActivityInvitationFactory
from tests.factories.clientgroups import ClientGroupFactory, MembershipFactory
from tests.factories.feedback import AnswerFactory, SurveyFactory
from tests.factories.goals import GoalFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}


def told(group):
    return [(line.icon, line.tone) for line in group_attention(group, UserFactory(admin=True))]


def request_of(group, hours):
    kind, _made = RequestType.objects.get_or_create(name="Some kind of question")
    now = timezone.now()
    return ServiceRequest.objects.create(
        client=MembershipFactory(client_group=group).client,
        type=kind,
        subject="Where is it?",
        opened_at=now,
        token=f"{hours}",
        first_answer_due_at=now + dt.timedelta(hours=hours),
    )


def test_calm_group_has_nothing_to_tell():
    group = ClientGroupFactory()
    request_of(group, 5)
    GoalFactory(project__client_group=group, pace="on_track")
    ActivityFactory(client_group=group, starts_at=timezone.now() + dt.timedelta(days=60))
    ActivityFactory(client_group=group, begun=True)

    assert told(group) == []


def test_what_is_worst_comes_first():
    group = ClientGroupFactory(dynamic=True, problem="rule")
    request_of(group, -5)
    GoalFactory(project__client_group=group, pace="at_risk")
    GoalFactory(project__client_group=group, pace="behind")
    ActivityInvitationFactory(
        activity=ActivityFactory(client_group=group, begun=True), answer="accepted"
    )
    ActivityFactory(client_group=group, starts_at=timezone.now() + dt.timedelta(days=3))

    assert told(group) == [
        ("alert-triangle", "red"),
        ("headset", "red"),
        ("target-arrow", "red"),
        ("target-arrow", "amber"),
        ("calendar-event", "amber"),
        ("calendar-event", "blue"),
    ]


def test_clients_not_touched_in_time_are_counted():
    group = ClientGroupFactory()
    old = timezone.localdate() - dt.timedelta(days=100)
    for _ in range(2):
        MembershipFactory(client_group=group, valid_from=old)
    plan = TouchPlan.objects.create(client_group=group, every_days=30)
    TouchPlan.objects.filter(pk=plan.pk).update(
        **{f.name: old for f in TouchPlan._meta.fields if f.name == "begins_on"}
    )

    (line,) = group_attention(group, UserFactory(admin=True))

    assert line.title == "2 clients have not been touched in time"
    assert line.url == reverse("clientgroups:group_touches", args=[group.pk])


def test_low_answers_of_the_last_month_are_told_by_survey():
    group = ClientGroupFactory()
    survey = SurveyFactory(client_group=group, name=HOSTILE)
    today = timezone.localdate()
    for days, points in ((3, 2), (3, 9), (60, 1)):
        AnswerFactory(
            survey=survey,
            metric="nps",
            score=points,
            responded_on=today - dt.timedelta(days=days),
        )

    (line,) = group_attention(group, UserFactory(admin=True))

    assert line.title == "1 client would not recommend us"
    assert line.detail == HOSTILE


def test_panel_is_a_page_and_a_fragment(client, sign_in):
    goal = GoalFactory(pace="behind", statement=HOSTILE)
    group = goal.project.client_group
    sign_in("viewer", group)
    path = reverse("reports:group_attention", args=[group.pk])

    page, fragment = client.get(path), client.get(path, headers=HTMX)

    assert HOSTILE not in page.content.decode()
    assert 'id="group-attention"' in page.content.decode()
    assert (
        fragment.content.decode().lstrip().startswith('<section class="card" id="group-attention"')
    )


def test_panel_of_a_calm_group_says_so(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)

    page = client.get(reverse("reports:group_attention", args=[group.pk])).content.decode()

    assert "Nothing is late" in page


def test_panel_asks_as_often_for_many_lines(client, sign_in, count_queries):
    group = ClientGroupFactory()
    sign_in("lead", group)
    path = reverse("reports:group_attention", args=[group.pk])
    GoalFactory(project__client_group=group, pace="behind")
    client.get(path)
    one = count_queries(lambda: client.get(path))
    for _ in range(3):
        GoalFactory(project__client_group=group, pace="behind")
        request_of(group, -len(RequestType.objects.all()) - ServiceRequest.objects.count())

    assert count_queries(lambda: client.get(path)) == one
