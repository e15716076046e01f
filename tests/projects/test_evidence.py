import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import AuditEvent
from projects.models import GoalEvidence
from projects.selectors.evidence import evidence_of, findings_on_offer
from projects.services.evidence import attach_finding, detach_finding
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.goals import GoalFactory
from tests.factories.value import FindingFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def goal():
    return GoalFactory()


def finding_of(goal, **fields):
    return FindingFactory(client_group=goal.project.client_group, **fields)


def address(name, goal, *args):
    return reverse(f"projects:{name}", args=[goal.project_id, goal.pk, *args])


# Services ----------------------------------------------------------------------------------------


def test_attaching_and_detaching_twice_is_recorded_once_each(goal):
    actor, finding = UserFactory(), finding_of(goal)

    first = attach_finding(actor=actor, goal=goal, finding=finding)
    assert attach_finding(actor=actor, goal=goal, finding=finding) == first
    assert detach_finding(actor=actor, goal=goal, finding=finding) is True
    assert detach_finding(actor=actor, goal=goal, finding=finding) is False

    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["goal.evidence_added", "goal.evidence_removed"]


def test_goal_with_a_group_of_its_own_takes_findings_about_that(goal):
    goal.client_group = ClientGroupFactory()
    goal.save()
    about_it = FindingFactory(client_group=goal.client_group)

    assert attach_finding(actor=UserFactory(), goal=goal, finding=about_it)
    with pytest.raises(ValidationError, match="about the goal's client group"):
        attach_finding(actor=UserFactory(), goal=goal, finding=finding_of(goal))


def test_finding_that_was_put_away_is_refused_but_stays_where_it_is(goal):
    actor, finding = UserFactory(), finding_of(goal)
    attach_finding(actor=actor, goal=goal, finding=finding)
    away = finding_of(goal, archived_at="2026-01-01T00:00Z")

    with pytest.raises(ValidationError, match="put away"):
        attach_finding(actor=actor, goal=goal, finding=away)
    finding.archived_at = away.archived_at
    finding.save()

    assert [link.finding for link in evidence_of(goal, UserFactory(admin=True)).links] == [finding]


def test_database_keeps_one_link_of_a_pair(goal):
    link = attach_finding(actor=UserFactory(), goal=goal, finding=finding_of(goal))

    with pytest.raises(IntegrityError, match="goalevidence_once"), transaction.atomic():
        GoalEvidence.objects.create(goal=goal, finding=link.finding, added_by=link.added_by)
    assert str(link) == f"{goal} · {link.finding}"


# Who sees what -----------------------------------------------------------------------------------


def test_member_of_the_project_alone_reads_how_many_and_no_titles(goal):
    finding = finding_of(goal, title="Secret")
    attach_finding(actor=UserFactory(), goal=goal, finding=finding)
    finding_of(goal)
    user = UserFactory()
    grant(user, "lead", goal.project)

    found = evidence_of(goal, user)

    assert (found.links, found.hidden, found.may_see_group) == ([], 1, False)
    assert not findings_on_offer(goal, user).exists()


def test_offer_holds_what_is_in_use_and_not_attached_yet(goal):
    user = UserFactory(admin=True)
    attached, free = finding_of(goal), finding_of(goal)
    finding_of(goal, archived_at="2026-01-01T00:00Z")
    FindingFactory()
    attach_finding(actor=user, goal=goal, finding=attached)

    assert list(findings_on_offer(goal, user)) == [free]


# Pages -------------------------------------------------------------------------------------------


def test_lead_adds_and_removes_evidence_without_scripts(client, sign_in, goal):
    finding = finding_of(goal, title="Faster answers")
    sign_in("lead", goal.project.client_group)
    assert "Add as evidence" in client.get(address("goal_evidence", goal)).content.decode()

    response = client.post(address("goal_evidence_add", goal), {"finding": finding.pk})
    assert response["Location"] == goal.get_absolute_url()
    page = client.get(address("goal_evidence", goal)).content.decode()
    assert "Faster answers" in page
    assert "Add as evidence" not in page
    response = client.post(address("goal_evidence_detach", goal, finding.pk), follow=True)
    assert address("goal_evidence_attach", goal, finding.pk) in response.content.decode()
    client.post(address("goal_evidence_attach", goal, finding.pk))

    assert GoalEvidence.objects.get().finding == finding


def test_lead_adds_and_removes_evidence_in_place(client, sign_in, goal):
    finding = finding_of(goal, title="Faster answers")
    sign_in("lead", goal.project.client_group)

    added = client.post(address("goal_evidence_add", goal), {"finding": finding.pk}, headers=HTMX)
    shown = client.get(address("goal_evidence", goal), headers=HTMX).content.decode()
    removed = client.post(address("goal_evidence_detach", goal, finding.pk), headers=HTMX)
    again = client.post(address("goal_evidence_detach", goal, finding.pk), headers=HTMX)

    assert "Faster answers" in added.content.decode()
    assert f'id="goal-{goal.pk}-evidence"' in shown
    assert "No finding yet" in removed.content.decode()
    assert again.status_code == 200
    assert not GoalEvidence.objects.exists()


@pytest.mark.parametrize("choice", ["", "0", "x"])
def test_bad_choice_is_said_beside_the_field(client, sign_in, goal, choice):
    finding_of(goal)
    sign_in("lead", goal.project.client_group)

    response = client.post(address("goal_evidence_add", goal), {"finding": choice})

    assert response.status_code == 422
    assert response.context["form"].errors["finding"]


def test_finding_put_away_in_the_meantime_is_refused_with_a_sentence(
    client, sign_in, goal, monkeypatch
):
    finding = finding_of(goal)
    sign_in("lead", goal.project.client_group)
    offered = type(finding).objects.filter(pk=finding.pk)
    monkeypatch.setattr("projects.views.evidence.findings_to_attach", lambda goal, user: offered)
    offered.update(archived_at="2026-01-01T00:00Z")

    response = client.post(address("goal_evidence_add", goal), {"finding": finding.pk})
    undo = client.post(address("goal_evidence_attach", goal, finding.pk), follow=True)

    assert response.status_code == 422
    assert "put away" in response.content.decode()
    assert "put away" in undo.content.decode()


def test_finding_of_another_group_cannot_be_attached(client, sign_in, goal):
    other = FindingFactory()
    sign_in("admin")

    assert client.post(address("goal_evidence_attach", goal, other.pk)).status_code == 404
    response = client.post(address("goal_evidence_add", goal), {"finding": other.pk})
    assert response.status_code == 422


def test_goal_page_loads_its_evidence_and_links_to_it(client, sign_in, goal):
    sign_in("viewer", goal.project.client_group)

    page = client.get(goal.get_absolute_url()).content.decode()

    assert f'hx-get="{address("goal_evidence", goal)}"' in page
    assert f'<a href="{address("goal_evidence", goal)}"' in page


def test_finding_lists_goals_of_projects_the_person_sees(client, sign_in, goal):
    finding = finding_of(goal)
    attach_finding(actor=UserFactory(), goal=goal, finding=finding)
    sign_in("viewer", finding.client_group)
    url = reverse("projects:finding_goals", args=[finding.client_group_id, finding.pk])

    page = client.get(url).content.decode()
    part = client.get(url, headers=HTMX).content.decode()

    assert goal.statement in page
    assert "<html" not in part
    detach_finding(actor=UserFactory(), goal=goal, finding=finding)
    assert "No goal rests on this finding yet" in client.get(url).content.decode()
