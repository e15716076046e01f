import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from feedback.services.scores import rebuild_scores
from tests.factories.clientgroups import ContactFactory, MembershipFactory
from tests.factories.feedback import (
    ResponseFactory,
    SurveyFactory,
)
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def survey():
    return SurveyFactory(open=True)


def url(name, *args):
    return reverse(f"feedback:{name}", args=args)


@pytest.fixture
def scored():
    """A group and its project with scores of two months in all three metrics."""
    project = ProjectFactory()
    survey = SurveyFactory(open=True, client_group=project.client_group, project=project)
    today = timezone.localdate().replace(day=1)
    for day in (today - dt.timedelta(days=10), today):
        for number in range(12):
            contact = ContactFactory()
            MembershipFactory(
                client_group=project.client_group,
                client=contact.client,
                valid_from=day - dt.timedelta(days=60),
            )
            values = {"nps": 10, "csat": 5, "ces": 6 + number % 2, "text": "Well <b>done</b>"}
            ResponseFactory(survey=survey, contact=contact, responded_on=day, scores=values)
    rebuild_scores()
    return project


@pytest.mark.parametrize("period", ["month", "quarter"])
def test_group_panel_shows_scores_with_their_certainty(client, sign_in, scored, period):
    sign_in("viewer", scored.client_group)
    address = url("group_panel", scored.client_group_id)

    page = client.get(address, {"period": period}).text
    panel = client.get(address, {"period": period}, headers=HTMX).text

    assert "n = " in panel
    assert "as of" in panel
    assert "/scores/group/" in panel
    assert panel.count("<svg") >= 3
    assert "<html" not in panel
    assert panel.strip() in page


def test_project_panel_shows_the_scores_of_its_surveys(client, sign_in, scored):
    sign_in("viewer", scored)

    assert "/scores/project/" in client.get(url("project_panel", scored.pk)).text


def test_panel_without_answers_shows_a_dash(client, sign_in):
    project = ProjectFactory()
    sign_in("viewer", project)

    page = client.get(url("project_panel", project.pk)).text

    assert "<b>–</b>" in page
    assert "No answers yet" in page


def test_panel_hides_a_score_of_four(client, sign_in):
    survey = SurveyFactory(open=True, project=ProjectFactory())
    for _ in range(4):
        ResponseFactory(survey=survey, scores={"csat": 1})
    rebuild_scores()
    sign_in("viewer", survey.project)

    page = client.get(url("project_panel", survey.project_id)).text

    assert "Fewer than five clients have answered" in page
    assert "hidden" in page


def test_score_page_lists_the_answers_behind_it(client, sign_in, scored):
    sign_in("viewer", scored.client_group)
    month = timezone.localdate().replace(day=1).isoformat()
    address = url("score_detail", "group", scored.client_group_id, "csat", "month", month)

    page = client.get(address).text

    assert page.count("Well &lt;b&gt;done&lt;/b&gt;") == 12
    assert "n = 12" in page
    quarter = client.get(address.replace("/month/", "/quarter/")).text
    assert "Q" in quarter


def test_score_page_of_few_lists_nobody(client, sign_in, survey):
    ResponseFactory(survey=survey, scores={"csat": 1, "text": "Secret"})
    rebuild_scores()
    sign_in("viewer", survey)
    day = "1970-01-01"

    page = client.get(url("score_detail", "survey", survey.pk, "csat", "all", day)).text
    assert "Fewer than five clients have answered" in page
    assert "Secret" not in page
    page = client.get(url("score_detail", "survey", survey.pk, "nps", "all", day)).text
    assert "No answers yet" in page
