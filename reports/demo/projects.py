"""Eight projects with boards, about 300 tasks, and goals of every state and pace."""

import datetime as dt

from django.utils import timezone

from accounts.permissions import Role
from clientgroups.models import GroupAccess
from projects.models import (
    BoardColumn,
    ChecklistItem,
    Comment,
    Label,
    Project,
    ProjectAccess,
    Task,
)
from reports.demo import texts

COLUMNS = {
    "en": ["To do", "In progress", "In review", "Done", "Cancelled"],
    "zh-hans": ["待办", "进行中", "待审核", "已完成", "已取消"],
}
CATEGORIES = ["todo", "doing", "doing", "done", "cancelled"]
LEADS = ["lin", "lin", "lin", "zhou", "ana", "lin", "omar", "omar"]
SIZES = [62, 30, 46, 24, 44, 22, 36, 36]


def make_projects(world) -> None:
    for index, row in enumerate(texts.PROJECTS):
        group, key, name, description, status, start, due, budget = row
        project = Project.objects.create(
            client_group=world.groups[group],
            key=key,
            name=name,
            description=description,
            status=status,
            lead=world.people[LEADS[index]],
            start_on=world.today + dt.timedelta(days=start),
            due_on=world.today + dt.timedelta(days=due),
            budget=budget,
        )
        if not GroupAccess.objects.filter(
            client_group=project.client_group, user=project.lead, role=Role.LEAD
        ):
            ProjectAccess.objects.create(project=project, user=project.lead, role=Role.LEAD)
        _tasks(world, project, SIZES[index])
        world.projects.append(project)


def _team(project):
    people = GroupAccess.objects.filter(client_group=project.client_group).exclude(role=Role.VIEWER)
    return [access.user for access in people.select_related("user").order_by("pk")]


def _is_chinese(project):
    return not project.name.isascii()


def _columns(project):
    names = COLUMNS["zh-hans" if _is_chinese(project) else "en"]
    return BoardColumn.objects.bulk_create(
        BoardColumn(
            project=project,
            name=name,
            category=category,
            position=position,
            wip_limit=8 if position == 1 else None,
        )
        for position, (name, category) in enumerate(zip(names, CATEGORIES, strict=True))
    )


def _weights(project):
    """How likely a task stands in each column, by the project's status."""
    return {
        "closed": [0, 0, 0, 92, 8],
        "planned": [90, 8, 2, 0, 0],
        "on_hold": [50, 15, 5, 27, 3],
    }.get(project.status, [30, 9, 6, 51, 4])


def _due(world, project, category):
    if category in {"done", "cancelled"}:
        oldest = (world.today - project.start_on).days
        newest = max((world.today - project.due_on).days, 1)
        return world.today - dt.timedelta(
            days=world.dice.randrange(newest, max(oldest, newest + 1))
        )
    if world.dice.random() < 0.15:
        return None
    latest = max((project.due_on - world.today).days, 4)
    return world.today + dt.timedelta(days=world.dice.randrange(-4, min(latest, 60)))


def _tasks(world, project, size):
    dice, columns, team = world.dice, _columns(project), _team(project)
    labels = Label.objects.bulk_create(
        Label(project=project, name=name, colour=colour) for name, colour in texts.LABELS
    )
    titles = texts.TASKS_ZH if _is_chinese(project) else texts.TASKS_EN
    members = [m.client.name for m in project.client_group.memberships.select_related("client")]
    tasks = []
    for number in range(1, size + 1):
        column = dice.choices(columns, _weights(project))[0]
        due = _due(world, project, column.category)
        created = timezone.now() - dt.timedelta(days=dice.randrange(20, 150))
        done = column.category == "done"
        tasks.append(
            Task(
                project=project,
                number=number,
                column=column,
                position=number * 1024,
                title=dice.choice(titles).format(
                    client=dice.choice(members or ["Larkfield Foods"])
                ),
                priority=dice.choices([1, 2, 3, 4], [12, 60, 22, 6])[0],
                is_critical=dice.random() < 0.08,
                assignee=dice.choice([*team, *team, None]),
                due_on=due,
                start_on=due - dt.timedelta(days=dice.randrange(2, 12)) if due else None,
                estimate_hours=dice.choice([None, 1, 2, 4, 8, 16]),
                progress=100
                if done
                else dice.choice([0, 0, 25, 50])
                if column.category == "doing"
                else 0,
                completed_at=_noon(due - dt.timedelta(days=dice.randrange(-1, 5)))
                if done
                else None,
                created_by=project.lead,
                created_at=created,
            )
        )
    Task.objects.bulk_create(tasks)
    Project.objects.filter(pk=project.pk).update(last_task_number=size)
    _extras(world, tasks, labels, team)


def _noon(day):
    return min(
        dt.datetime.combine(day, dt.time(12), dt.UTC), timezone.now() - dt.timedelta(hours=1)
    )


def _extras(world, tasks, labels, team):
    dice = world.dice
    steps, comments, tagged = [], [], []
    for task in tasks:
        tagged += [
            Task.labels.through(task=task, label=label)
            for label in dice.sample(labels, dice.choices([0, 1, 2], [35, 50, 15])[0])
        ]
        count = dice.choice([0, 0, 3, 4])
        for position, text in enumerate(dice.sample(texts.STEPS, count)):
            done = task.completed_at is not None or dice.random() < 0.4
            steps.append(ChecklistItem(task=task, text=text, position=position, is_done=done))
        for _ in range(dice.choices([0, 1, 2], [55, 30, 15])[0]):
            author = dice.choice(team)
            comments.append(
                Comment(
                    task=task,
                    author=author,
                    author_name=author.name,
                    body=dice.choice(texts.COMMENTS),
                    created_at=task.created_at + dt.timedelta(days=dice.randrange(1, 18)),
                )
            )
    Task.labels.through.objects.bulk_create(tagged)
    ChecklistItem.objects.bulk_create(steps)
    Comment.objects.bulk_create(comments)
