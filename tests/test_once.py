"""Every form that makes a row: sent twice, it makes one row and leads to one place."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import SentForm
from clientgroups.models import Client
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.factories.feedback import SurveyFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import ProjectFactory, TaskFactory
from tests.factories.requests import RequestTypeFactory, grouped_request
from tests.factories.value import FindingFactory
from tests.filled_forms import form_to
from tests.imports.samples import board
from tests.sources import our_models
from tests.url_table import names

pytestmark = pytest.mark.django_db

LI = "li@example.org"
MAKING = re.compile(r"_(create|add|new|log|write|measure|check_in|import)$|:quick_add$")
# They look like making a row and make none by themselves.
LEADING = {
    "clientgroups:touch_create": "chooses the client; the form is client_log",
    "clientgroups:request_choose_client": "chooses the client",
}


@dataclass(frozen=True)
class Form:
    """Where a form goes, what a person types into it, and the page it stands on if another."""

    name: str
    typed: dict | Callable
    make: Callable = lambda: None
    kwargs: Callable = lambda row: {"pk": row.pk} if row else {}
    query: Callable = lambda _row: ""
    page: str = ""

    def address(self, name, row):
        return reverse(name, kwargs=self.kwargs(row)) + self.query(row)

    def data(self, row):
        return self.typed(row) if callable(self.typed) else self.typed


def askable_survey():
    survey = SurveyFactory(open=True)
    client = MembershipFactory(client_group=survey.client_group).client
    ContactFactory(client=client, email_consent=True)
    return survey


def goal_with_finding():
    group = FindingFactory().client_group
    return GoalFactory(project__client_group=group, client_group=group)


def project_with_member():
    return ProjectFactory(client_group=MembershipFactory().client_group)


def upload(name, text):
    return lambda _row: {"file": SimpleUploadedFile(name, text.encode())}


def beside_li(make):
    def both():
        UserFactory(email=LI)
        return make()

    return both


def group_beside_lin():
    ClientFactory(name="Lin Trading")
    return ClientGroupFactory()


def request_beside_a_board():
    TaskFactory()
    return grouped_request()


def typed_client():
    RequestTypeFactory()
    return ClientFactory()


def task(name, **typed):
    kwargs = {"kwargs": lambda row: {"pk": row.project_id, "number": row.number}}
    return Form(f"projects:{name}", typed, TaskFactory, page="projects:task_detail", **kwargs)


def goal(name, typed, make=GoalFactory, page=""):
    kwargs = {"kwargs": lambda row: {"pk": row.project_id, "goal_pk": row.pk}}
    return Form(f"projects:{name}", typed, make, page=page, **kwargs)


TABLE = "Customer No,Date,Amount,Currency\n7,2024-03-01,120.50,CNY\n"
FORMS = [
    Form("clientgroups:activity_create", lambda row: {
        "client_group": row.pk, "name": "Open day", "starts_at": "2027-01-05T10:00",
    }, ClientGroupFactory, lambda _row: {}, lambda row: f"?group={row.pk}"),
    Form("clientgroups:canned_create", {"title": "Thanks", "text": "Thank you."}),
    Form("clientgroups:client_create", {"name": "Lin Trading", "external_id": "L-7"}),
    Form("clientgroups:client_log", {"summary": "Asked for a price"}, ClientFactory),
    Form("clientgroups:client_request_create", {"subject": "A copy"}, typed_client),
    Form("clientgroups:contact_create", {"name": "Li Na", "email": "li@example.org"},
         ClientFactory),
    Form("clientgroups:finding_create", {
        "title": "Faster answers", "source": "Interviews", "found_on": "2026-01-01",
    }, ClientGroupFactory),
    Form("clientgroups:group_access", {"email": LI, "role": "lead"}, beside_li(ClientGroupFactory)),
    Form("clientgroups:group_add_clients",
         lambda _row: {"clients": [Client.objects.get(name="Lin Trading").pk]}, group_beside_lin,
         query=lambda _row: "?q=Lin"),
    Form("clientgroups:group_create", {"name": "Loyal", "step": "save"},
         query=lambda _row: "?kind=static"),
    Form("clientgroups:plan_create", {"every_days": "30"}, ClientGroupFactory),
    Form("clientgroups:request_write", {"to": "team", "text": "Call first."}, grouped_request,
         page="clientgroups:request_detail"),
    Form("feedback:survey_create", lambda row: {"name": "Spring", "client_group": row.pk},
         ClientGroupFactory, lambda _row: {}),
    Form("feedback:wave_create", {"name": "March"}, askable_survey),
    Form("imports:project_import", upload("board.json", json.dumps(board())), ProjectFactory),
    Form("imports:run_create", upload("sales.csv", TABLE)),
    goal("goal_check_in", {"note": "Two stores follow.", "confidence": "60"}),
    goal("goal_evidence_add", lambda row: {"finding": row.client_group.findings.get().pk},
         goal_with_finding, "projects:goal_evidence"),
    goal("goal_measure", {"value": "61"}),
    Form("projects:column_list", {"name": "Parked"}, ProjectFactory),
    Form("projects:goal_create", {"statement": "Answer faster", "do": "save"}, ProjectFactory),
    Form("projects:interaction_create", {"summary": "Called"}, project_with_member,
         query=lambda row: f"?client={row.client_group.memberships.get().client_id}"),
    Form("projects:label_create", {"name": "Care", "colour": "teal"}, ProjectFactory),
    Form("projects:project_access", {"email": LI, "role": "lead"}, beside_li(ProjectFactory)),
    Form("projects:project_create", lambda row: {"name": "Care calls", "client_group": row.pk},
         ClientGroupFactory, lambda _row: {}),
    Form("projects:quick_add", {"text": "Call the shop"}, TaskFactory, lambda _row: {}),
    Form("projects:request_task_create", {"title": "Send it"}, request_beside_a_board),
    Form("projects:task_create", {"title": "Send it"}, lambda: TaskFactory().project),
    task("comment_add", body="Done."),
    task("item_add", text="Ask"),
    task("link_add", url="https://example.org/"),
]  # fmt: skip


def counts():
    """How many rows there are of everything, but for the memory of forms itself."""
    return {
        model._meta.label: number
        for model in our_models()
        if model is not SentForm and (number := model._base_manager.count())
    }


def test_every_url_that_makes_a_row_is_in_the_table():
    making = {name for name in names() if MAKING.search(name)} - set(LEADING)

    assert sorted(making - {form.name for form in FORMS}) == []


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def files_in(folder):
    return sum(path.is_file() for path in folder.rglob("*"))


def errors_of(*responses):
    return [each.context["form"].errors for each in responses if each.context]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_form_sent_twice_makes_one_row(client, sign_in, media, form):
    row = form.make()
    sign_in("admin")
    path = form.address(form.name, row)
    shown = client.get(form.address(form.page or form.name, row))
    data = form_to(shown, path)
    before = counts()

    first = client.post(path, data | form.data(row))
    made, stored = counts(), files_in(media)
    second = client.post(path, data | form.data(row))

    assert (first.status_code, second.status_code) == (302, 302), errors_of(first, second)
    assert made != before
    assert counts() == made
    assert second["Location"] == first["Location"]
    assert files_in(media) == stored
