import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from projects.models import Task
from projects.selectors.history import tell
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import BoardColumnFactory, ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
WORK = reverse("projects:my_work")
QUICK = reverse("projects:quick_add")


@pytest.fixture
def me(sign_in, project):
    return sign_in("member", project, name="Chen Yu")


def text_of(response):
    return response.content.decode()


# My work -----------------------------------------------------------------------------------------


def mine(project, me, title, days=None, **fields):
    due = None if days is None else timezone.localdate() + dt.timedelta(days=days)
    column = fields.pop("column", None) or project.columns.first()
    return TaskFactory(
        project=project, column=column, assignee=me, title=title, due_on=due, **fields
    )


def test_my_work_shows_what_is_due_first(client, me, project):
    for title, days in (("Later", 30), ("None", None), ("Late", -1), ("Today", 0)):
        mine(project, me, title, days)
    mine(project, me, "Urgent today", 0, priority=4)

    response = client.get(WORK)

    sections = {
        section.key: [task.title for task in section.tasks]
        for section in response.context["sections"]
    }
    assert sections == {
        "overdue": ["Late"],
        "today": ["Urgent today", "Today"],
        "later": ["Later"],
        "undated": ["None"],
    }
    assert "1 overdue" in text_of(response)


def test_my_work_of_this_week_ends_on_sunday(client, me, project):
    left = 6 - timezone.localdate().weekday()
    mine(project, me, "Next Monday", left + 1)
    if left:
        mine(project, me, "Sunday", left)

    found = {
        section.key: [task.title for task in section.tasks]
        for section in client.get(WORK).context["sections"]
    }

    assert found["later"] == ["Next Monday"]
    assert found.get("week", []) == (["Sunday"] if left else [])


def test_my_work_leaves_out_what_rests_or_is_not_mine(client, me, project, columns):
    mine(project, me, "Done", column=columns[2])
    mine(project, me, "Archived", archived=True)
    TaskFactory(project=project, column=columns[0], assignee=UserFactory())
    closed = ProjectFactory(status="closed", client_group=project.client_group)
    grant(me, "member", closed)
    TaskFactory(project=closed, assignee=me)
    TaskFactory(assignee=me, title="No longer my project")

    response = client.get(WORK)

    assert response.context["sections"] == []
    assert "Nothing waits for you" in text_of(response)


def test_my_work_lists_my_goals(client, me, project):
    GoalFactory(project=project, owner=me, statement="Raise it", state="active", pace="behind")
    GoalFactory(project=project, owner=me, statement="A draft", state="draft")

    page = text_of(client.get(WORK))

    assert "Raise it" in page
    assert "Behind" in page
    assert "Draft" in page


@pytest.mark.parametrize("headers", [{}, HX])
def test_one_click_finishes_and_undo_brings_it_back(client, me, project, columns, headers):
    task = mine(project, me, "Call")
    done = reverse("projects:task_done", args=[project.pk, task.number])

    page = client.post(done, {"next": WORK}, headers=headers, follow=True)

    task.refresh_from_db()
    assert (page.redirect_chain[-1][0], task.column) == (WORK, columns[2])
    assert 'id="work-list"' in text_of(page)

    undo = text_of(page).split('action="' + done.replace("done", "undo"))[1].split('"')[0]
    client.post(done.replace("done", "undo") + undo)
    task.refresh_from_db()
    assert task.column == columns[0]


def test_my_work_needs_as_many_queries_for_three_tasks_as_for_one(
    client, me, project, count_queries
):
    mine(project, me, "One")
    client.get(WORK)
    with_one = count_queries(lambda: client.get(WORK))
    mine(project, me, "Two", 3)
    mine(project, me, "Three", -3)

    assert count_queries(lambda: client.get(WORK)) == with_one


def test_my_work_shows_fifty_on_a_page(client, me, project):
    for number in range(51):
        mine(project, me, "Task", number=number + 1)

    response = client.get(WORK)

    assert sum(len(section.tasks) for section in response.context["sections"]) == 50
    assert response.context["sections"][0].total == 51
    assert "page=2" in text_of(response)


# Quick add ---------------------------------------------------------------------------------------


def test_quick_add_shows_before_it_saves(client, me, project):
    query = {"text": "Call <Anna> @chen !low #new 2027-01-05", "project": project.pk}

    page = text_of(client.get(QUICK, query))

    assert "Call &lt;Anna&gt;" in page
    assert "Chen Yu" in page
    assert "5 Jan 2027" in page
    assert "Low priority" in page
    assert "Create the new label “new”" in page
    assert not Task.objects.exists()


@pytest.mark.parametrize("headers", [{}, HX])
def test_quick_add_creates_the_task(client, me, project, headers):
    data = {"text": "Call Anna !urgent", "project": project.pk, "next": WORK}

    page = client.post(QUICK, data, headers=headers, follow=True)

    task = Task.objects.get()
    assert (task.title, task.priority, page.redirect_chain[-1][0]) == ("Call Anna", 4, WORK)
    assert f"{task.key} was created" in text_of(page)


def test_quick_add_sent_twice_makes_one(client, me, project):
    data = {"text": "Call", "project": project.pk, "key": client.get(QUICK).context["key"]}

    client.post(QUICK, data)
    client.post(QUICK, data)

    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Call @nobody", "Nobody in this project is called “@nobody”."),
        ("tomorrow", "Say what is to be done."),
        ("Call #new", "Tick this to create the label"),
        ("", "required"),
        ("x" * 501, "at most 500"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HX])
def test_quick_add_refused_keeps_the_line(client, me, project, text, words, headers):
    response = client.post(QUICK, {"text": text, "project": project.pk}, headers=headers)

    assert response.status_code == 422
    assert words in text_of(response)
    assert f'value="{text}"' in text_of(response)
    assert not Task.objects.exists()


def test_quick_add_creates_a_label_when_told(client, me, project):
    data = {"text": "Call #new", "project": project.pk, "create_labels": "on"}

    client.post(QUICK, data)

    assert [label.name for label in Task.objects.get().labels.all()] == ["new"]


def test_quick_add_without_a_project_takes_the_first(client, me, project):
    client.post(QUICK, {"text": "Call"})

    assert Task.objects.get().project == project


def test_quick_add_refuses_projects_one_only_reads(client, me):
    other = ProjectFactory()
    grant(me, "viewer", other)
    BoardColumnFactory(project=other)

    response = client.post(QUICK, {"text": "Call", "project": other.pk})

    assert response.status_code == 422
    assert not Task.objects.exists()


def test_quick_add_on_a_board_without_columns_says_so(client, sign_in):
    project = ProjectFactory()
    sign_in("member", project)

    response = client.post(QUICK, {"text": "Call", "project": project.pk})

    assert response.status_code == 422
    assert "Choose a column" in text_of(response)


def test_quick_add_opens_with_the_project_of_the_page(client, me, project):
    second = ProjectFactory(name="Zebra", client_group=project.client_group)
    grant(me, "member", second)

    page = text_of(client.get(QUICK, {"project": second.pk}, headers=HX))

    assert f'<option value="{second.pk}" selected>' in page
    assert "<html" not in page


def test_quick_add_without_any_project_says_why(client, sign_in):
    sign_in("outsider")

    assert "No project to add a task to" in text_of(client.get(QUICK))


@pytest.mark.parametrize("text", ["Call @chen", "", "Call @who"])
def test_preview_answers_while_typing(client, me, project, text):
    address = reverse("projects:quick_add_preview")

    response = client.get(address, {"text": text, "project": project.pk}, headers=HX)

    assert 'id="quick-preview"' in text_of(response)
    assert response.status_code == 200


# History -----------------------------------------------------------------------------------------


def test_happening_reads_every_kind_of_change(project, actor):
    event = AuditEvent.objects.create(
        actor=actor,
        verb="task.changed",
        target_type="projects.task",
        target_id="1",
        target_label="Call",
        changes={
            "title": ["Old", "New"],
            "due_on": [None, "2020-12-02"],
            "is_critical": [False, True],
            "priority": [2, 4],
            "labels": [None, "Care"],
            "column_id": [1, 2],
            "unheard": ["a", "b"],
            "same": ["a", "a"],
            "odd": 5,
        },
    )

    found = tell(event)

    assert found.text == "Lin Wei changed “Call”"
    assert [(one.label, one.before, one.after) for one in found.changes] == [
        ("title", "Old", "New"),
        ("due", "–", "2 Dec 2020"),
        ("critical", "no", "yes"),
        ("priority", "Normal", "Urgent"),
        ("labels", "–", "Care"),
        ("unheard", "a", "b"),
    ]


def test_happening_of_a_job_or_an_unknown_verb_has_words(project):
    event = AuditEvent(verb="task.sung", target_label="Call", changes={})

    assert tell(event).text == "Tandem: task.sung"


def test_administrators_find_rows_but_change_none(client, sign_in, project):
    sign_in("admin")
    task = TaskFactory(project=project, title="Findable")

    for model in ("project", "task", "boardcolumn", "label", "comment", "goal", "checkin"):
        address = reverse(f"admin:projects_{model}_changelist")
        assert client.get(address, {"q": "Findable"}).status_code == 200
    change = reverse("admin:projects_task_change", args=[task.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"title": "New"}).status_code == 403
    assert client.get(reverse("admin:projects_task_add")).status_code == 403
