"""A year of talks with clients, what was promised, how often each group is to be touched."""

import datetime as dt

from django.utils import timezone

from clientgroups.models import EngagementPolicy, HealthPolicy, Interaction, TouchPlan
from clientgroups.services.health import score_health
from projects.models import ProjectInteraction
from reports.demo.clients import STAFF, World
from reports.demo.talk import NOTES_EN, NOTES_ZH, SAID, TODO_EN, TODO_ZH

KINDS = ["call"] * 5 + ["email"] * 4 + ["visit"] * 2 + ["chat"] * 2 + ["meeting", "note"]
# Ways by which a client may begin a talk.
WRITTEN = ("call", "email", "chat")
# Group index -> (stage, days, how, what about).
PLANS = {
    0: [("", 45, "", ""), ("loyal", 30, "call", ""), ("lapsed", 90, "call", "Ask why they left.")],
    1: [("", 60, "", "每学期至少联系两次。"), ("loyal", 40, "visit", "")],
    2: [("", 60, "", "Ask for the three wishes of the quarter."), ("potential", 30, "call", "")],
    3: [("", 45, "call", "忠实客户：每月一次电话。")],
    4: [("", 75, "call", "One honest offer, no more.")],
}
# A client is touched every so many days, and then no more: (gap, days before today it ends).
HABITS = [(18, 2), (28, 6), (35, 12), (45, 30), (30, 75), (60, 20), (25, 110)]
FOLLOW_UPS = [-9, -3, -1, 0, 0, 1, 3, 6, 14, 28]


def make_touches(world: World) -> None:
    """Interactions of a year, follow-ups due and overdue, plans, and a year of health."""
    EngagementPolicy.objects.get_or_create(pk=1)
    HealthPolicy.objects.get_or_create(pk=1)
    TouchPlan.objects.bulk_create(
        TouchPlan(
            client_group=world.groups[index],
            stage=stage,
            every_days=days,
            kind=kind,
            note=note,
            begins_on=world.today - dt.timedelta(days=270),
        )
        for index, plans in PLANS.items()
        for stage, days, kind, note in plans
    )
    rows = []
    for index, archetype in enumerate(("harbour", "school", "clinic")):
        people = [world.people[short] for short, role in STAFF[index] if role != "viewer"]
        for number, client in enumerate(world.clients[archetype]):
            team = [client.owner, client.owner, *people]
            rows += _talks(world, client, team, HABITS[number % len(HABITS)])
        _promises(world, world.clients[archetype], rows)
    Interaction.objects.bulk_create(rows, batch_size=1000)
    _about_projects(world, rows)
    _history(world)


def _talks(world, client, team, habit):
    """Talks of a year with one client; each tenth client nobody has talked with yet."""
    gap, ends = habit
    if world.dice.random() < 0.1:
        return []
    contacts = list(client.contacts.all())
    now, day, found = timezone.now(), 365 - world.dice.randrange(gap), []
    while day >= ends:
        kind = world.dice.choice(KINDS)
        chinese = not client.name.isascii()
        text = world.dice.choice(NOTES_ZH if chinese else NOTES_EN)
        hours = world.dice.randrange(1, 8)
        found.append(
            Interaction(
                client=client,
                contact=world.dice.choice(contacts) if contacts else None,
                kind=kind,
                direction="in" if world.dice.random() < 0.3 and kind in WRITTEN else "out",
                happened_at=now - dt.timedelta(days=day, hours=hours),
                summary=world.dice.choice(SAID["zh" if chinese else "en"][kind]),
                text=text if world.dice.random() < 0.5 else "",
                by=world.dice.choice(team),
            )
        )
        day -= max(3, gap + world.dice.randrange(-gap // 3, gap // 3 + 1))
    return found


def _promises(world, clients, rows):
    """Some of the last talks end with a promise; most are the owner's."""
    last = {row.client_id: row for row in rows}
    chosen = [last[client.pk] for client in clients if client.pk in last][: len(FOLLOW_UPS)]
    for row, days in zip(chosen, FOLLOW_UPS, strict=False):
        chinese = not row.client.name.isascii()
        row.follow_up_on = world.today + dt.timedelta(days=days)
        row.follow_up_by = row.client.owner
        row.follow_up_note = world.dice.choice(TODO_ZH if chinese else TODO_EN)


def _about_projects(world, rows):
    """Each third talk was about the first project of the client's group."""
    first = {}
    for project in world.projects:
        first.setdefault(project.client_group_id, project)
    of_client = {
        client.pk: first.get(world.groups[index].pk)
        for index, archetype in enumerate(("harbour", "school", "clinic"))
        for client in world.clients[archetype]
    }
    ProjectInteraction.objects.bulk_create(
        ProjectInteraction(interaction=row, project=of_client[row.client_id])
        for number, row in enumerate(rows)
        if of_client[row.client_id] and (row.follow_up_on or number % 3 == 0)
    )


def _history(world):
    """Health at the end of each of ten months and today, as the nightly job would have left it."""
    for months in range(10, 0, -1):
        score_health(as_of=world.today - dt.timedelta(days=30 * months))
    score_health(as_of=world.today)
