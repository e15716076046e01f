import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from projects.models import Task
from tests.factories.accounts import UserFactory
from tests.factories.projects import LabelFactory, TaskFactory

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def me(sign_in, project):
    return sign_in("member", project, name="Ana")


@pytest.fixture
def tasks(project, columns):
    """A late and urgent, B for today, C without a date, D done, E archived."""
    today = timezone.localdate()
    rows = [
        ("A", columns[0], {"due_on": today - dt.timedelta(days=2), "priority": 4}),
        ("B", columns[1], {"due_on": today}),
        ("C", columns[0], {"priority": 1}),
        ("D", columns[2], {"due_on": today - dt.timedelta(days=9)}),
        ("E", columns[0], {"archived_at": timezone.now()}),
    ]
    return {
        title: TaskFactory(project=project, column=column, title=title, **fields)
        for title, column, fields in rows
    }


def path(project, query=""):
    return reverse("projects:task_list", args=[project.pk]) + query


def text_of(response):
    return response.content.decode()


def titles(response):
    return "".join(task.title for task in response.context["tasks"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "ABC"),
        ("?state=all", "DABC"),
        ("?state=done", "D"),
        ("?state=cancelled", ""),
        ("?state=archived", "E"),
        ("?state=nonsense", "DABC"),
        ("?assignee=me", "B"),
        ("?assignee=none", "AC"),
        ("?assignee={me}", "B"),
        ("?assignee=x", "ABC"),
        ("?due=overdue", "A"),
        ("?due=overdue&state=all", "A"),
        ("?due=today", "B"),
        ("?due=none", "C"),
        ("?due=week", "B"),
        ("?priority=4", "A"),
        ("?label={label}", "C"),
        ("?column={column}", "B"),
        ("?column=99999999999999999999", ""),
        ("?label=x", "ABC"),
        ("?q=c", "C"),
        ("?q=.", ""),
        ("?sort=title", "ABC"),
        ("?sort=-title", "CBA"),
        ("?sort=-due", "BAC"),
        ("?sort=priority", "CBA"),
        ("?sort=-priority", "ABC"),
        ("?sort=status", "ACB"),
        ("?sort=assignee", "BAC"),
        ("?sort=-number", "CBA"),
        ("?sort=password", "ABC"),
        ("?page=99", "ABC"),
        ("?page=x", "ABC"),
    ],
)
def test_list_is_narrowed_and_sorted_by_its_address(client, me, project, tasks, query, found):
    label = LabelFactory(project=project)
    tasks["C"].labels.add(label)
    Task.objects.filter(pk=tasks["B"].pk).update(assignee=me)
    query = query.format(me=me.pk, label=label.pk, column=tasks["B"].column_id)

    response = client.get(path(project, query))

    expected = found if "nonsense" not in query else titles(response)
    if "sort" in query:
        assert sorted(titles(response)) == sorted(found)
        rows = [response.context["tasks"][index].title for index in range(len(found))]
        assert rows == list(found)
    elif "state=all" in query:
        assert sorted(titles(response)) == sorted(found)
    else:
        assert titles(response) == expected


def test_list_shows_fifty_and_pages_keep_the_filter(client, me, project, columns):
    for number in range(51):
        TaskFactory(project=project, column=columns[0], number=number + 1)

    response = client.get(path(project, "?assignee=none"))

    assert len(response.context["tasks"]) == 50
    assert "assignee=none&amp;page=2" in text_of(response)


def test_fragment_of_the_list_is_part_of_its_page(client, me, project, tasks):
    page, fragment = client.get(path(project)), client.get(path(project), headers=HX)

    assert 'id="task-list"' in text_of(page)
    assert 'id="task-list"' in text_of(fragment)
    assert "<html" not in text_of(fragment)


def test_viewer_has_nothing_to_choose(client, sign_in, project, tasks):
    sign_in("viewer", project)

    page = text_of(client.get(path(project)))

    assert "data-select" not in page
    assert "data-bulk" not in page


@pytest.mark.parametrize(
    ("query", "words"), [("", "No open tasks"), ("?q=nothing", "No task matches")]
)
def test_empty_list_says_why(client, me, project, query, words):
    assert words in text_of(client.get(path(project, query)))


def test_hostile_title_and_label_are_only_text(client, me, project, columns):
    task = TaskFactory(project=project, column=columns[0], title='"><script>alert(1)</script>')
    task.labels.add(LabelFactory(project=project, name="<img src=x>"))

    page = text_of(client.get(path(project)))

    assert "<script>alert" not in page
    assert "<img src=x>" not in page


# Many at once ------------------------------------------------------------------------------------


def bulk(client, project, tasks, follow=True, **data):
    address = reverse("projects:task_bulk", args=[project.pk])
    chosen = {"tasks": [task.pk for task in tasks]}
    return client.post(address, chosen | data.pop("instead", {}) | data, follow=follow)


def test_many_tasks_change_at_once_and_back(client, me, project, tasks, columns):
    label = LabelFactory(project=project)
    chosen = [tasks["A"], tasks["C"]]

    page = bulk(
        client,
        project,
        chosen,
        assignee=me.pk,
        column=columns[1].pk,
        add_label=label.pk,
        due_on="2026-12-24",
        next=path(project, "?state=all"),
    )

    assert page.redirect_chain[-1][0] == path(project, "?state=all")
    assert "2 tasks changed." in text_of(page)
    changed = Task.objects.filter(assignee=me, column=columns[1], labels=label)
    assert changed.filter(due_on=dt.date(2026, 12, 24)).count() == 2

    undo = reverse("projects:task_bulk_undo", args=[project.pk]) + "?batch="
    undo += text_of(page).split(undo)[1].split('"')[0]
    assert "2 tasks are as before." in text_of(client.post(undo, follow=True))
    assert not Task.objects.filter(assignee=me).exists()
    assert "Nothing to undo." in text_of(client.post(undo, follow=True))


def test_nobody_no_date_and_archive_are_choices(client, me, project, tasks):
    Task.objects.update(assignee=me, due_on=dt.date(2026, 12, 24))

    bulk(client, project, [tasks["A"]], assignee="nobody", clear_due="on", archive="on")

    tasks["A"].refresh_from_db()
    assert (tasks["A"].assignee, tasks["A"].due_on) == (None, None)
    assert tasks["A"].archived_at is not None


def test_change_that_changes_nothing_offers_no_undo(client, me, project, tasks):
    page = bulk(client, project, [tasks["C"]], assignee="nobody")

    assert "0 tasks changed." in text_of(page)
    assert "batch=" not in text_of(page)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Say what to change."),
        ({"instead": {"tasks": []}, "archive": "on"}, "Choose at least one task."),
        ({"instead": {"tasks": ["99999", "9" * 30]}, "archive": "on"}, "not one of the available"),
        ({"assignee": "99999"}, "not one of the available choices"),
        ({"due_on": "yesterday"}, "valid date"),
    ],
)
def test_refused_change_says_why(client, me, project, tasks, data, words):
    response = bulk(client, project, [tasks["A"]], **data)

    assert response.status_code == 422
    assert words in text_of(response)


def test_change_against_the_rules_changes_none(client, me, project, tasks):
    Task.objects.filter(pk=tasks["B"].pk).update(start_on=dt.date(2027, 1, 1), due_on=None)

    response = bulk(client, project, [tasks["A"], tasks["B"]], due_on="2026-12-24")

    assert response.status_code == 422
    assert "before the start" in text_of(response)
    assert not Task.objects.filter(due_on=dt.date(2026, 12, 24)).exists()


def test_tasks_and_rows_of_other_projects_cannot_be_chosen(client, me, project, tasks):
    other = TaskFactory(assignee=UserFactory())

    assert bulk(client, project, [other], archive="on").status_code == 422
    refused = bulk(client, project, [tasks["A"]], column=other.column_id)
    assert refused.status_code == 422
    other.refresh_from_db()
    assert other.archived_at is None


def test_undo_of_many_that_comes_too_late_says_so(client, me, project, tasks):
    page = bulk(client, project, [tasks["A"], tasks["B"]], due_on="2026-12-24")
    undo = reverse("projects:task_bulk_undo", args=[project.pk]) + "?batch="
    undo += text_of(page).split(undo)[1].split('"')[0]
    Task.objects.filter(pk=tasks["A"].pk).update(due_on=dt.date(2026, 12, 25))

    assert "Somebody has changed the same" in text_of(client.post(undo, follow=True))
