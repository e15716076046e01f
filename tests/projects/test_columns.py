import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from projects.models import BoardColumn, Label, Task
from projects.services.columns import (
    add_column,
    archive_column,
    restore_column,
    save_label,
    shift_column,
    update_column,
)
from tests.factories.projects import BoardColumnFactory, LabelFactory, ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db


def names(project):
    return [column.name for column in project.columns.filter(archived_at=None)]


def test_add_column_stands_at_the_right_end_once(project, actor):
    first = add_column(project=project, actor=actor, name=" Later ", category="todo", wip_limit=3)
    again = add_column(project=project, actor=actor, name="Later", category="todo")

    assert first == again
    assert names(project) == ["To do", "Doing", "Done", "Later"]
    assert AuditEvent.objects.filter(verb="column.created").count() == 1


def test_add_first_column_of_a_board(actor):
    project = ProjectFactory()

    assert add_column(project=project, actor=actor, name="To do", category="todo").position == 0


def test_add_column_refuses_unknown_category(project, actor):
    with pytest.raises(ValidationError):
        add_column(project=project, actor=actor, name="X", category="maybe")


def test_update_column_renames_and_limits_once(columns, actor, events):
    update_column(column=columns[0], actor=actor, name="Next", wip_limit=2)
    update_column(column=columns[0], actor=actor, name="Next", wip_limit=2)

    columns[0].refresh_from_db()
    assert (columns[0].name, columns[0].wip_limit) == ("Next", 2)
    assert events(columns[0]) == ["column.changed"]


def test_update_column_to_done_completes_its_tasks_and_back(columns, actor):
    task = TaskFactory(project=columns[0].project, column=columns[0])

    update_column(column=columns[0], actor=actor, category="done")
    task.refresh_from_db()
    assert (task.completed_at is not None, task.version) == (True, 2)

    update_column(column=columns[0], actor=actor, category="cancelled")
    task.refresh_from_db()
    assert task.completed_at is None


def test_shift_column_changes_places_and_stops_at_the_edge(project, columns, actor, events):
    shift_column(column=columns[2], actor=actor, step=-1)
    assert names(project) == ["To do", "Done", "Doing"]

    shift_column(column=columns[0], actor=actor, step=-1)
    assert names(project) == ["To do", "Done", "Doing"]
    assert events(columns[0]) == []


def test_archive_column_moves_its_tasks_first(columns, actor, events):
    open_task = TaskFactory(project=columns[0].project, column=columns[0])
    gone = TaskFactory(project=columns[0].project, column=columns[0], archived=True)

    archive_column(column=columns[0], actor=actor, move_to=columns[2])
    archive_column(column=columns[0], actor=actor, move_to=columns[2])

    open_task.refresh_from_db()
    gone.refresh_from_db()
    assert open_task.column == columns[2]
    assert open_task.completed_at is not None
    assert gone.column == columns[0]
    assert events(open_task) == ["task.moved"]
    assert events(columns[0]) == ["column.archived"]


def test_archive_column_asks_where_its_tasks_go(columns, actor):
    TaskFactory(project=columns[0].project, column=columns[0])
    archived = BoardColumnFactory(project=columns[0].project, archived=True)

    for target in (None, archived, columns[0]):
        with pytest.raises(ValidationError, match="Choose where"):
            archive_column(column=columns[0], actor=actor, move_to=target)

    columns[0].refresh_from_db()
    assert columns[0].archived_at is None


def test_archive_last_column_is_refused(actor):
    only = BoardColumnFactory()

    with pytest.raises(ValidationError, match="at least one column"):
        archive_column(column=only, actor=actor)


def test_restore_column_comes_back_at_the_end_once(project, columns, actor, events):
    archive_column(column=columns[0], actor=actor)

    restore_column(column=columns[0], actor=actor)
    restore_column(column=columns[0], actor=actor)

    assert names(project) == ["Doing", "Done", "To do"]
    assert events(columns[0]) == ["column.archived", "column.restored"]


def test_save_label_adds_and_changes_once(project, actor, events):
    label = save_label(project=project, actor=actor, name=" Care ", colour="teal")
    again = save_label(project=project, actor=actor, name="care", colour="teal")
    assert label == again

    save_label(project=project, actor=actor, name="Help", colour="red", label=label)
    save_label(project=project, actor=actor, name="Help", colour="red", label=label)

    label.refresh_from_db()
    assert (label.name, label.colour) == ("Help", "red")
    assert events(label) == ["label.created", "label.changed"]


def test_save_label_refuses_another_of_the_same_name(project, actor):
    LabelFactory(project=project, name="Care", colour="red")
    other = LabelFactory(project=project, name="Help", colour="red")

    with pytest.raises(ValidationError, match="already has this label"):
        save_label(project=project, actor=actor, name="Care", colour="red", label=other)


def test_database_refuses_the_same_label_or_imported_column_twice(project):
    LabelFactory(project=project, name="Care", colour="red")
    with pytest.raises(IntegrityError, match="label_once"), transaction.atomic():
        LabelFactory(project=project, name="Care", colour="red")

    BoardColumnFactory(project=project, external_id="c")
    with pytest.raises(IntegrityError, match="boardcolumn_external_once"), transaction.atomic():
        BoardColumnFactory(project=project, external_id="c")


def test_parts_of_a_board_say_their_name_and_role(project, actor):
    column, label = project.columns.first(), LabelFactory(project=project, name="Care")
    task = TaskFactory(project=project, column=column, title="Call")

    assert [str(each) for each in (column, label, task)] == ["To do", "Care", "Call"]
    assert {each.role_of(actor) for each in (column, label, task)} == {"lead"}
    assert isinstance(column, BoardColumn)
    assert isinstance(label, Label)
    assert isinstance(task, Task)
