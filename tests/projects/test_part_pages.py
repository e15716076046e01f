import pytest
from django.urls import reverse

from tests.factories.accounts import UserFactory
from tests.factories.projects import CommentFactory, TaskFactory

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


@pytest.mark.parametrize("headers", [{}, HX])
def test_checklist_is_worked_on_the_page(client, me, task, headers):
    def post(name, **data):
        return client.post(url(name, task), data, headers=headers, follow=True)

    post("item_add", text="One")
    page = post("item_add", text="Two <b>")
    assert "Two &lt;b&gt;" in text_of(page)
    first, second = task.checklist_items.all()

    post("item_change", item=first.pk, action="done")
    post("item_change", item=second.pk, action="up")
    items = [(item.text, item.is_done) for item in task.checklist_items.all()]
    assert items == [("Two <b>", False), ("One", True)]

    post("item_change", item=second.pk, action="down")
    post("item_change", item=first.pk, action="open")
    post("item_change", item=second.pk, action="remove")
    post("item_change", item=first.pk, action="nonsense")
    assert [(item.text, item.is_done) for item in task.checklist_items.all()] == [("One", False)]


@pytest.mark.parametrize(
    ("name", "data", "typed"),
    [
        ("item_add", {"text": " "}, ""),
        ("comment_add", {"body": "x" * 20001}, "x" * 100),
        ("link_add", {"url": "javascript:alert(1)", "name": "Trap"}, 'value="Trap"'),
    ],
)
@pytest.mark.parametrize("headers", [{}, HX])
def test_refused_part_keeps_what_was_typed(client, me, task, name, data, typed, headers):
    response = client.post(url(name, task), data, headers=headers)

    assert response.status_code == 422
    assert typed in text_of(response)


def test_too_many_steps_are_refused_in_the_page(client, me, task, monkeypatch):
    monkeypatch.setattr("projects.services.parts.ITEMS_AT_MOST", 0)

    response = client.post(url("item_add", task), {"text": "One more"})

    assert response.status_code == 422
    assert "at most 0 steps" in text_of(response)
    assert 'value="One more"' in text_of(response)


def test_comment_is_removed_by_its_author_or_a_lead(client, me, task, sign_in):
    client.post(url("comment_add", task), {"body": "Called.", "is_client_visible": "on"})
    own = task.comments.get()
    foreign = CommentFactory(task=task)

    assert own.is_client_visible
    assert client.post(url("comment_remove", task), {"comment": foreign.pk}).status_code == 403
    assert client.post(url("comment_remove", task), {"comment": own.pk}).status_code == 302

    sign_in("lead", task)
    assert client.post(url("comment_remove", task), {"comment": foreign.pk}).status_code == 302
    assert not task.comments.exists()


def test_link_is_added_and_removed(client, me, task):
    client.post(url("link_add", task), {"url": "https://example.org/a.pdf", "name": "Plan"})
    link = task.attachments.get()
    assert "Plan" in text_of(client.get(url("task_detail", task)))

    client.post(url("link_remove", task), {"link": link.pk})
    assert not task.attachments.exists()


def test_person_who_left_stays_selected_on_the_page(client, me, task):
    task.assignee = UserFactory(name="Gone Away")
    task.save()

    assert "Gone Away</option>" in text_of(client.get(url("task_detail", task)))
    assert "Gone Away</option>" in text_of(client.get(url("task_edit", task)))
