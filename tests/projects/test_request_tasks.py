import datetime as dt
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, JobRun
from clientgroups.models import ServiceRequest
from notifications.models import Message
from projects.models import RequestTask, Task
from projects.services.request_tasks import echo_done_tasks, make_task_of_request
from projects.services.tasks import finish_task
from projects.tasks import echo_done_tasks as echo_task
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import MembershipFactory
from tests.factories.projects import BoardColumnFactory, ProjectFactory, TaskFactory
from tests.factories.requests import ServiceRequestFactory, grouped_request, linked_task

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def project():
    project = ProjectFactory()
    BoardColumnFactory(project=project)
    BoardColumnFactory(project=project, done=True)
    return project


@pytest.fixture
def row(project):
    """A request of a client in the group of the project."""
    member = MembershipFactory(client_group=project.client_group)
    return ServiceRequestFactory(client=member.client, subject="Mend the lid", priority="high")


def make(row, project, **fields):
    return make_task_of_request(
        request=row,
        actor=UserFactory(),
        project=project,
        title=row.subject,
        submission_key=str(uuid.uuid4()),
        **fields,
    )


# Making -----------------------------------------------------------------------------------------


def test_task_of_a_request_is_made_once(row, project):
    key = str(uuid.uuid4())
    actor = UserFactory()

    links = {
        make_task_of_request(
            request=row, actor=actor, project=project, title="Mend", submission_key=key
        )
        for _number in range(2)
    }

    (link,) = links
    assert (link.request, link.task.title, link.task.project) == (row, "Mend", project)
    assert AuditEvent.objects.filter(verb="request.task_made").count() == 1
    assert str(link) == f"{row} → {link.task}"


def test_task_of_another_request_is_refused(row, project):
    key, other = str(uuid.uuid4()), ServiceRequestFactory()
    common = {"actor": UserFactory(), "project": project, "title": "x", "submission_key": key}
    make_task_of_request(request=row, **common)

    with pytest.raises(ValidationError, match="another request"):
        make_task_of_request(request=other, **common)


def test_request_may_have_several_tasks(row, project):
    make(row, project)
    make(row, project)

    assert row.task_links.count() == 2


# Echoing ----------------------------------------------------------------------------------------


def test_done_task_is_told_to_the_request_once(row, project):
    row.assignee = UserFactory()
    row.save()
    doer = UserFactory(language="zh-hans")
    grant(doer, "member", project)
    link = make(row, project, assignee=doer)
    Message.objects.all().delete()
    assert echo_done_tasks() == 0
    finish_task(task=link.task, actor=doer)

    assert (echo_done_tasks(), echo_done_tasks()) == (1, 0)

    note = row.messages.get()
    assert (note.is_internal, note.author) == (True, doer)
    assert link.task.key in note.text
    told = Message.objects.get()
    assert (told.recipient, told.kind) == (row.assignee, "request.task_done")


def test_task_done_again_is_told_again(row, project):
    link = make(row, project)
    task = finish_task(task=link.task, actor=UserFactory())
    echo_done_tasks()
    Task.objects.filter(pk=task.pk).update(completed_at=timezone.now() + dt.timedelta(hours=1))

    assert echo_done_tasks() == 1
    assert row.messages.count() == 2


def test_nobody_is_told_of_their_own_work_or_of_what_is_over(row, project):
    doer = UserFactory()
    grant(doer, "member", project)
    row.assignee = doer
    row.save()
    finish_task(task=make(row, project, assignee=doer).task, actor=doer)
    over = ServiceRequestFactory(resolved=True, assignee=UserFactory())
    finish_task(task=make(over, project).task, actor=doer)
    Message.objects.all().delete()

    assert echo_done_tasks() == 2
    assert not Message.objects.exists()


def test_work_done_long_ago_is_no_news(row, project):
    task = finish_task(task=make(row, project).task, actor=UserFactory())
    Task.objects.filter(pk=task.pk).update(completed_at=timezone.now() - dt.timedelta(days=31))

    assert echo_done_tasks() == 0


def test_note_without_any_author_is_the_owners(row):
    task = TaskFactory(done=True, created_by=None)
    RequestTask.objects.create(request=row, task=task)

    echo_done_tasks()

    assert row.messages.get().author == row.client.owner


def test_sweep_records_its_run(row, project):
    finish_task(task=make(row, project).task, actor=UserFactory())

    assert echo_task() == 1
    assert JobRun.objects.get(name="projects.tasks.echo_done_tasks").rows == 1


# Pages ------------------------------------------------------------------------------------------


def test_form_knows_the_request_and_the_project_of_its_client(client, sign_in, row, project):
    far = ProjectFactory(name="Aardvark")
    me = sign_in("member", row)
    grant(me, "member", far)
    due = timezone.now() + dt.timedelta(days=3)
    ServiceRequest.objects.filter(pk=row.pk).update(resolution_due_at=due)

    form = client.get(reverse("projects:request_task_create", args=[row.pk])).context["form"]

    assert form.initial["project"] == project.pk
    assert form.initial["title"] == "Mend the lid"
    assert (row.text in form.initial["description"], form.initial["priority"]) == (True, 3)
    assert form.initial["due_on"] is not None
    assert set(form.fields["project"].queryset) == {project, far}


def test_member_makes_a_task_and_sees_it_on_both_sides(client, sign_in, row, project):
    me = sign_in("member", row)
    address = reverse("projects:request_task_create", args=[row.pk])
    data = {
        "project": project.pk,
        "title": "Mend the lid",
        "description": "",
        "priority": "2",
        "submission_key": uuid.uuid4(),
    }

    for _number in range(2):
        assert client.post(address, data).url == row.get_absolute_url()

    task = Task.objects.get()
    assert task.created_by == me
    panel = client.get(reverse("projects:request_tasks", args=[row.pk]), headers=HTMX).text
    assert task.get_absolute_url() in panel
    assert "<html" not in panel
    page = client.get(task.get_absolute_url()).text
    back = reverse("projects:task_request", args=[project.pk, task.number])
    assert back in page
    assert row.get_absolute_url() in client.get(back).text


def test_task_for_a_foreign_project_is_refused(client, sign_in, row, project):
    sign_in("member", row)
    foreign = ProjectFactory()
    data = {"project": foreign.pk, "title": "x", "priority": "2", "submission_key": uuid.uuid4()}

    response = client.post(reverse("projects:request_task_create", args=[row.pk]), data)

    assert response.status_code == 422
    assert not Task.objects.exists()


def test_refusal_of_the_board_stands_in_the_form(client, sign_in, row):
    empty = ProjectFactory(client_group=row.client.memberships.get().client_group)
    sign_in("lead", row)
    data = {
        "project": empty.pk,
        "title": "Kept words",
        "priority": "2",
        "submission_key": uuid.uuid4(),
    }

    response = client.post(reverse("projects:request_task_create", args=[row.pk]), data)

    assert response.status_code == 422
    assert "Choose a column" in response.text
    assert "Kept words" in response.text


def test_member_without_a_project_is_told(client, sign_in):
    row = grouped_request()
    sign_in("member", row)

    page = client.get(reverse("projects:request_task_create", args=[row.pk])).text

    assert "No project to add a task to" in page


def test_what_a_person_does_not_see_is_not_named(client, sign_in):
    link = linked_task()
    other = grouped_request()
    RequestTask.objects.filter(pk=link.pk).update(request=other)
    me = sign_in("viewer", other)

    panel = client.get(reverse("projects:request_tasks", args=[other.pk])).text
    assert link.task.title not in panel
    assert "project you do not see" in panel
    grant(me, "viewer", link.task)
    other.client.memberships.all().delete()
    back = reverse("projects:task_request", args=[link.task.project_id, link.task.number])
    page = client.get(back).text
    assert "client you do not see" in page
    assert other.subject not in page


def test_task_of_no_request_says_so_only_to_who_asks(client, sign_in):
    task = TaskFactory()
    sign_in("viewer", task)
    address = reverse("projects:task_request", args=[task.project_id, task.number])

    assert "not made of a request" in client.get(address).text
    assert "not made of a request" not in client.get(address, headers=HTMX).text


def test_panel_without_tasks_says_so(client, sign_in):
    row = grouped_request()
    sign_in("viewer", row)

    page = client.get(reverse("projects:request_tasks", args=[row.pk])).text

    assert "None yet." in page
    assert "Make a task" not in page


def test_request_page_loads_the_panel(client, sign_in):
    row = grouped_request()
    sign_in("viewer", row)

    page = client.get(row.get_absolute_url()).text

    assert f'hx-get="{reverse("projects:request_tasks", args=[row.pk])}"' in page
