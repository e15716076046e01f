import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from projects.models import Task
from projects.selectors.tasks import latest_event
from projects.services.tasks import update_task
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.projects import (
    ChecklistItemFactory,
    CommentFactory,
    LabelFactory,
    ProjectFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def task(project, columns):
    return TaskFactory(project=project, column=columns[0], title="Call Anna", number=7)


@pytest.fixture
def me(sign_in, project):
    return sign_in("member", project, name="Chen Yu")


def url(name, task, query=""):
    return reverse(f"projects:{name}", args=[task.project_id, task.number]) + query


def text_of(response):
    return response.content.decode()


# Reading -----------------------------------------------------------------------------------------


def test_task_page_shows_what_belongs_to_it(client, me, task, project, actor):
    task.description = "**Bold** <script>alert(1)</script>"
    task.labels.add(LabelFactory(project=project, name="Care"))
    task.save()
    ChecklistItemFactory(task=task, text="Ask <b>first</b>", checklist="Plan")
    CommentFactory(task=task, body="See [this](javascript:alert(1))", is_client_visible=True)
    update_task(task=task, actor=actor, due_on=dt.date(2020, 1, 1), is_critical=True)

    page = text_of(client.get(url("task_detail", task)))

    assert "<strong>Bold</strong>" in page
    assert "<script>alert" not in page
    assert "Ask &lt;b&gt;first&lt;/b&gt;" in page
    assert "Client may read this" in page
    assert 'href="javascript' not in page
    assert "Lin Wei changed" in page
    assert "Overdue:" in page


def test_viewer_reads_without_forms(client, sign_in, task):
    sign_in("viewer", task)
    ChecklistItemFactory(task=task)

    page = text_of(client.get(url("task_detail", task), headers=HX))

    assert "<form" not in page
    assert "Call Anna" in page


def test_fragment_of_a_task_is_part_of_its_page(client, me, task):
    page = text_of(client.get(url("task_detail", task)))
    fragment = client.get(url("task_detail", task), headers=HX)

    assert "HX-Request" in fragment["Vary"]
    assert f'id="task-{task.pk}"' in text_of(fragment)
    assert "<html" not in text_of(fragment)
    assert f'id="task-{task.pk}"' in page


def test_tasks_and_parts_of_other_projects_are_not_found(client, me, task):
    other = TaskFactory(number=9)
    item, comment = ChecklistItemFactory(task=other), CommentFactory(task=other)

    def status(name, **data):
        return client.post(url(name, task), data).status_code

    assert client.get(url("task_detail", other)).status_code == 404
    path = reverse("projects:task_detail", args=[task.project_id, other.number])
    assert client.get(path).status_code == 404
    assert status("item_change", item=item.pk, action="done") == 404
    assert status("comment_remove", comment=comment.pk) == 404
    assert status("link_remove", link="x") == 404
    assert status("task_undo", event="1") == 404
    assert client.get(url("task_field", task, "?field=project")).status_code == 404


# Writing -----------------------------------------------------------------------------------------


def test_create_task_from_the_form_once(client, me, project, columns):
    path = reverse("projects:task_create", args=[project.pk])
    shown = client.get(path + f"?column={columns[1].pk}")
    data = {
        "key": shown.context["key"],
        "title": "Call Ben",
        "column": columns[1].pk,
        "priority": 3,
        "assignee": me.pk,
        "due_on": "2026-12-02",
    }

    first, second = client.post(path, data), client.post(path, data)

    task = Task.objects.get()
    assert first["Location"] == second["Location"] == task.get_absolute_url()
    assert (task.title, task.assignee, task.due_on) == ("Call Ben", me, dt.date(2026, 12, 2))
    assert f'value="{columns[1].pk}" selected' in text_of(shown)


def test_create_task_returns_to_the_page_it_came_from(client, me, project, columns):
    path = reverse("projects:task_create", args=[project.pk])
    board = reverse("projects:board", args=[project.pk])
    data = {"title": "Call", "column": columns[0].pk, "priority": 2}

    assert client.post(path, data | {"next": board})["Location"] == board
    away = client.post(path, data | {"next": "https://evil.example/"})
    assert away["Location"].startswith("/projects/")


@pytest.mark.parametrize("headers", [{}, HX])
def test_refused_task_keeps_what_was_typed(client, me, project, columns, headers):
    path = reverse("projects:task_create", args=[project.pk])
    stranger = UserFactory()
    data = {
        "title": "Call <b>",
        "column": columns[0].pk,
        "priority": 2,
        "assignee": stranger.pk,
        "start_on": "2026-12-02",
        "due_on": "2026-12-01",
        "key": "no key",
    }

    response = client.post(path, data, headers=headers)

    assert response.status_code == 422
    assert "Call &lt;b&gt;" in text_of(response)
    assert "before the start" in text_of(response)
    assert not Task.objects.exists()


def test_form_refuses_rows_of_other_projects(client, me, project):
    other = TaskFactory()
    path = reverse("projects:task_create", args=[project.pk])
    data = {"title": "A", "priority": 2, "column": other.column_id, "labels": [LabelFactory().pk]}

    response = client.post(path, data)

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"column", "labels"}


def test_edit_task_changes_only_what_the_form_says(client, me, task, columns):
    before = Task.objects.values().get(pk=task.pk)
    data = {"title": "New", "column": columns[0].pk, "priority": 2, "version": 1}
    extra = {"number": 99, "project": ProjectFactory().pk, "position": 5, "external_id": "x"}

    response = client.post(url("task_edit", task), data | extra)

    after = Task.objects.values().get(pk=task.pk)
    changed = {name for name in after if after[name] != before[name]}
    assert response["Location"] == task.get_absolute_url()
    assert changed == {"title", "version", "updated_at", "search"}


def test_edit_of_a_stale_version_shows_both_and_saves_on_the_second_click(
    client, me, task, actor, columns
):
    update_task(task=task, actor=actor, due_on=dt.date(2026, 12, 9))
    data = {"title": "Mine", "column": columns[0].pk, "priority": 2, "version": 1}

    response = client.post(url("task_edit", task), data)

    page = text_of(response)
    assert response.status_code == 409
    assert "Lin Wei changed" in page
    assert "9 Dec" in page
    assert 'value="Mine"' in page

    again = client.post(url("task_edit", task), data | {"version": response.context["version"]})
    task.refresh_from_db()
    assert (again.status_code, task.title, task.due_on) == (302, "Mine", None)


def test_refused_edit_keeps_the_version_of_the_editor(client, me, task):
    response = client.post(url("task_edit", task), {"title": "", "version": "1"})

    assert (response.status_code, response.context["version"]) == (422, 1)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("title", "New", "New"),
        ("due_on", "2026-12-02", dt.date(2026, 12, 2)),
        ("priority", "4", 4),
        ("progress", "50", 50),
    ],
)
@pytest.mark.parametrize("headers", [{}, HX])
def test_field_is_changed_in_place_and_undone(client, me, task, field, value, expected, headers):
    data = {"field": field, field: value, "version": 1}

    response = client.post(url("task_field", task), data, headers=headers, follow=True)

    task.refresh_from_db()
    assert getattr(task, field) == expected
    undo = url("task_undo", task, "?event=")
    assert undo in text_of(response)

    path = text_of(response).split(f'action="{undo}')[1].split('"')[0]
    client.post(undo + path)
    task.refresh_from_db()
    assert getattr(task, field) == Task._meta.get_field(field).get_default() or field == "title"
    assert field != "title" or task.title == "Call Anna"


def test_status_assignee_and_labels_are_changed_in_place(client, me, task, columns):
    label = LabelFactory(project=task.project)
    for version, (field, value) in enumerate(
        [("column", columns[2].pk), ("assignee", me.pk), ("labels", [label.pk])], 1
    ):
        client.post(url("task_field", task), {"field": field, field: value, "version": version})

    task.refresh_from_db()
    assert (task.column, task.assignee, list(task.labels.all())) == (columns[2], me, [label])
    assert task.completed_at is not None


@pytest.mark.parametrize("field", ["title", "labels", "progress", "assignee"])
def test_field_has_a_form_of_its_own_without_script(client, me, task, field):
    page = text_of(client.get(url("task_field", task, f"?field={field}")))

    assert f'name="field" value="{field}"' in page
    assert f'name="{field}"' in page or field == "labels"


def test_field_saved_unchanged_says_nothing(client, me, task):
    data = {"field": "title", "title": "Call Anna", "version": 1}

    response = client.post(url("task_field", task), data, follow=True)

    assert "Saved." not in text_of(response)


@pytest.mark.parametrize("headers", [{}, HX])
def test_stale_field_keeps_the_typed_text_and_shows_theirs(client, me, task, actor, headers):
    update_task(task=task, actor=actor, title="Theirs <i>")
    data = {"field": "title", "title": "Mine <b>", "version": 1}

    response = client.post(url("task_field", task), data, headers=headers)

    page = text_of(response)
    task.refresh_from_db()
    assert (response.status_code, task.title) == (409, "Theirs <i>")
    assert 'value="Mine &lt;b&gt;"' in page
    assert "Theirs &lt;i&gt;" in page
    assert 'name="version" value="2"' in page


def test_refused_field_says_why(client, me, task):
    for data in ({"title": ""}, {"title": "x" * 301}):
        response = client.post(url("task_field", task), data | {"field": "title", "version": "x"})
        assert response.status_code == 422

    Task.objects.filter(pk=task.pk).update(start_on=dt.date(2026, 12, 2))
    response = client.post(
        url("task_field", task), {"field": "due_on", "due_on": "2026-12-01", "version": 1}
    )
    assert response.status_code == 422
    assert "before the start" in text_of(response)


def test_done_archive_restore_and_their_undo(client, me, task, columns):
    client.post(url("task_done", task))
    task.refresh_from_db()
    assert task.column == columns[2]

    page = client.post(url("task_archive", task), follow=True)
    assert "HR-7 was archived." in text_of(page)
    task.refresh_from_db()
    assert task.archived_at is not None

    client.post(url("task_restore", task))
    task.refresh_from_db()
    assert task.archived_at is None


def test_done_without_a_column_for_it_says_so(client, sign_in):
    task = TaskFactory()
    sign_in("member", task)

    page = client.post(url("task_done", task), follow=True)

    assert "no column for done work" in text_of(page)


def test_undo_that_comes_too_late_says_so(client, me, task, actor):
    changed = update_task(task=task, actor=actor, title="New")
    event = latest_event(changed, "task.changed")
    update_task(task=task, actor=actor, title="Newer")

    page = client.post(url("task_undo", task), {"event": event.pk}, follow=True)

    assert "Somebody has changed the same" in text_of(page)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_task_page_opens_in_both_languages(client, sign_in, task, language):
    person = sign_in("lead", task, language=language)
    Task.objects.filter(pk=task.pk).update(assignee=person, archived_at=timezone.now())

    assert client.get(url("task_detail", task)).status_code == 200


def test_member_of_the_group_may_work_on_tasks(client, task):
    person = UserFactory()
    grant(person, "member", task.project.client_group)
    client.force_login(person)

    assert client.post(url("item_add", task), {"text": "One"}).status_code == 302
