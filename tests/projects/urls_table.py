"""What each page of projects, boards and tasks answers to whom; see tests/url_table.py."""

from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.projects import (
    BoardColumnFactory,
    ChecklistItemFactory,
    CommentFactory,
    LabelFactory,
    ProjectFactory,
    TaskFactory,
)
from tests.projects.urls_evidence import ROWS as EVIDENCE_ROWS
from tests.projects.urls_interactions import ROWS as INTERACTION_ROWS
from tests.projects.urls_requests import REQUEST_ROWS
from tests.projects.urls_table_goals import GOAL_ROWS
from tests.url_table import LEAD, SIGNED_IN, VIEW, WORK, Url


def of_task(task):
    return {"pk": task.project_id, "number": task.number}


def of_part(part):
    return of_task(part.task)


def of_column(column):
    return {"pk": column.project_id, "column_pk": column.pk}


def of_label(label):
    return {"pk": label.project_id, "label_pk": label.pk}


def task(name, status, post=None, query="", note=""):
    return Url(f"projects:{name}", status, TaskFactory, of_task, post, query, note=note)


def project(name, status, post=None, query="", grow=None, note=""):
    return Url(f"projects:{name}", status, ProjectFactory, None, post, query, grow, note=note)


def column(name, status, post=None, note=""):
    return Url(f"projects:{name}", status, BoardColumnFactory, of_column, post, note=note)


def a_task(parent):
    TaskFactory(project=parent, assignee=parent.lead)


def a_task_in_one_column(parent):
    first = parent.columns.first() or BoardColumnFactory(project=parent)
    ChecklistItemFactory(task=TaskFactory(project=parent, column=first, assignee=parent.lead))


def a_comment(parent):
    CommentFactory(task=parent)
    ChecklistItemFactory(task=parent)


ROWS = [
    Url("projects:my_work", SIGNED_IN),
    Url("projects:quick_add", SIGNED_IN),
    Url("projects:quick_add", SIGNED_IN, post={"text": "Call"}, note="save"),
    Url("projects:quick_add_preview", SIGNED_IN, query="?text=Call"),
    Url(
        "projects:group_projects",
        VIEW,
        ClientGroupFactory,
        grow=lambda group: ProjectFactory(client_group=group),
    ),
    Url("projects:project_list", SIGNED_IN, grow=ProjectFactory),
    Url("projects:project_create", SIGNED_IN),
    Url("projects:project_create", SIGNED_IN, post={"name": "New"}, note="save"),
    project("project_detail", VIEW, grow=a_task_in_one_column),
    project("project_edit", LEAD),
    project("project_edit", LEAD, post={"name": "New"}, note="save"),
    project("project_access", LEAD),
    project("project_access", LEAD, post={"email": "nobody@example.org"}, note="save"),
    Url(
        "projects:access_revoke",
        {**LEAD, "lead": 404, "admin": 404},
        ProjectFactory,
        post={"access": "1"},
        note="a row of no project",
    ),
    Url(
        "projects:access_undo",
        {**LEAD, "lead": 404, "admin": 404},
        ProjectFactory,
        post={"event": "1"},
        note="an event of no project",
    ),
    project("board", VIEW, grow=a_task_in_one_column),
    column("board_more", VIEW),
    project("column_list", LEAD),
    project("column_list", LEAD, post={"name": "Later", "category": "todo"}, note="save"),
    column("column_edit", LEAD),
    column("column_edit", LEAD, post={"name": "Later", "category": "todo"}, note="save"),
    column("column_shift", LEAD, post={"to": "left"}),
    column("column_archive", LEAD),
    column("column_archive", LEAD, post={}, note="save"),
    column("column_restore", LEAD, post={}),
    project("label_create", LEAD),
    project("label_create", LEAD, post={"name": "Care", "colour": "teal"}, note="save"),
    Url("projects:label_edit", LEAD, LabelFactory, of_label),
    Url(
        "projects:label_edit",
        LEAD,
        LabelFactory,
        of_label,
        {"name": "Care", "colour": "red"},
        note="save",
    ),
    project("task_list", VIEW, grow=a_task_in_one_column),
    project("task_create", WORK),
    project("task_create", WORK, post={"title": ""}, note="save"),
    project("task_bulk", WORK, post={"tasks": ["1"]}),
    project("task_bulk_undo", WORK, post={}),
    Url("projects:task_detail", VIEW, TaskFactory, of_task, grow=a_comment),
    task("task_edit", WORK),
    task("task_edit", WORK, post={"title": ""}, note="save"),
    task("task_field", WORK, query="?field=title"),
    task("task_field", WORK, post={"field": "title", "title": "New"}, note="save"),
    task("task_move", WORK),
    task("task_move", WORK, post=lambda row: {"column": row.column_id}, note="save"),
    task("task_done", WORK, post={}),
    task("task_archive", WORK, post={}),
    task("task_restore", WORK, post={}),
    Url(
        "projects:task_undo",
        {**WORK, "member": 404, "lead": 404, "admin": 404},
        TaskFactory,
        of_task,
        {"event": "1"},
        note="an event of no task",
    ),
    task("item_add", WORK, post={"text": "Ask"}),
    Url(
        "projects:item_change",
        WORK,
        ChecklistItemFactory,
        of_part,
        lambda item: {"item": item.pk, "action": "done"},
    ),
    task("comment_add", WORK, post={"body": "Done."}),
    Url(
        "projects:comment_remove",
        {**WORK, "member": 403},
        CommentFactory,
        of_part,
        lambda comment: {"comment": comment.pk},
        note="of somebody else",
    ),
    task("link_add", WORK, post={"url": "https://example.org/"}),
    Url(
        "projects:link_remove",
        {**WORK, "member": 404, "lead": 404, "admin": 404},
        TaskFactory,
        of_task,
        {"link": "1"},
        note="a link of no task",
    ),
    *GOAL_ROWS,
    *EVIDENCE_ROWS,
    *INTERACTION_ROWS,
    *REQUEST_ROWS,
]
