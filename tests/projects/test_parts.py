import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from projects.models import Attachment, Comment
from projects.services import parts
from tests.factories.accounts import UserFactory
from tests.factories.projects import ChecklistItemFactory, CommentFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(project, columns):
    return TaskFactory(project=project, column=columns[0])


def texts(task):
    return [item.text for item in task.checklist_items.all()]


def test_add_item_stands_at_the_end_of_its_checklist(task, actor, events):
    parts.add_item(task=task, actor=actor, text=" One ", checklist="First")
    parts.add_item(task=task, actor=actor, text="Other", checklist="Second")
    parts.add_item(task=task, actor=actor, text="Two", checklist="First")

    assert texts(task) == ["One", "Two", "Other"]
    assert events(task) == ["checklist.added"] * 3


def test_add_item_refuses_blank_text_and_too_many(task, actor, monkeypatch):
    with pytest.raises(ValidationError):
        parts.add_item(task=task, actor=actor, text="  ")

    monkeypatch.setattr(parts, "ITEMS_AT_MOST", 1)
    ChecklistItemFactory(task=task)
    with pytest.raises(ValidationError, match="at most 1 steps"):
        parts.add_item(task=task, actor=actor, text="Two")


def test_set_item_done_and_open_repeat_harmlessly(task, actor, events):
    item = ChecklistItemFactory(task=task)

    parts.set_item_done(item=item, actor=actor, done=True)
    parts.set_item_done(item=item, actor=actor, done=True)
    parts.set_item_done(item=item, actor=actor, done=False)

    item.refresh_from_db()
    assert not item.is_done
    assert events(task) == ["checklist.done", "checklist.reopened"]


def test_shift_item_changes_places_and_stops_at_the_edge(task, actor, events):
    first, second = (ChecklistItemFactory(task=task, text=text) for text in ("One", "Two"))

    parts.shift_item(item=second, actor=actor, step=-1)
    assert texts(task) == ["Two", "One"]

    parts.shift_item(item=first, actor=actor, step=1)
    assert texts(task) == ["Two", "One"]
    assert events(task) == ["checklist.moved"]


def test_delete_item_twice_records_once(task, actor, events):
    item = ChecklistItemFactory(task=task)
    twin = type(item).objects.get(pk=item.pk)

    parts.delete_item(item=item, actor=actor)
    parts.delete_item(item=twin, actor=actor)

    assert texts(task) == []
    assert events(task) == ["checklist.removed"]


def test_add_comment_sent_twice_makes_one(task, actor, events):
    first = parts.add_comment(task=task, actor=actor, body=" Called. ")
    second = parts.add_comment(task=task, actor=actor, body="Called.")

    assert first == second
    assert (first.body, first.author_name, str(first)) == ("Called.", "Lin Wei", "Called.")
    assert events(task) == ["comment.added"]


def test_add_comment_again_later_or_for_the_client_is_another(task, actor):
    CommentFactory(
        task=task,
        author=actor,
        body="Called.",
        created_at=timezone.now() - dt.timedelta(minutes=1),
    )

    parts.add_comment(task=task, actor=actor, body="Called.")
    parts.add_comment(task=task, actor=actor, body="Called.", is_client_visible=True)
    parts.add_comment(task=task, actor=UserFactory(), body="Called.", is_client_visible=True)

    assert task.comments.count() == 4


def test_add_comment_refuses_blank_text(task, actor):
    with pytest.raises(ValidationError):
        parts.add_comment(task=task, actor=actor, body=" \n ")


def test_delete_comment_twice_records_once(task, actor, events):
    comment = CommentFactory(task=task)
    twin = Comment.objects.get(pk=comment.pk)

    parts.delete_comment(comment=comment, actor=actor)
    parts.delete_comment(comment=twin, actor=actor)

    assert events(task) == ["comment.removed"]


def test_add_link_once_and_name_it(task, actor, events):
    first = parts.add_link(task=task, actor=actor, url="https://example.org/a")
    again = parts.add_link(task=task, actor=actor, url="https://example.org/a", name="A")

    assert first == again
    assert str(first) == "https://example.org/a"
    assert events(task) == ["link.added"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "not a link", "ftp//x"])
def test_add_link_refuses_what_is_no_web_address(task, actor, url):
    with pytest.raises(ValidationError):
        parts.add_link(task=task, actor=actor, url=url)


def test_delete_link_twice_records_once(task, actor, events):
    link = parts.add_link(task=task, actor=actor, url="https://example.org/a")
    twin = Attachment.objects.get(pk=link.pk)

    parts.delete_link(link=link, actor=actor)
    parts.delete_link(link=twin, actor=actor)

    assert events(task) == ["link.added", "link.removed"]


def test_what_is_said_counts_as_a_touch(task, actor):
    before = task.updated_at

    parts.add_comment(task=task, actor=actor, body="Called.")

    task.refresh_from_db()
    assert task.updated_at > before
