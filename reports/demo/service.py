"""Calendars, service levels, requests and canned answers."""

import datetime as dt
import secrets

from django.apps import apps
from django.utils import timezone

from accounts.permissions import Role
from clientgroups.models import (
    CalendarException,
    CannedAnswer,
    Contact,
    GroupAccess,
    RequestMessage,
    RequestType,
    ServiceRequest,
    SlaPolicy,
)
from clientgroups.models.defaults import create_service_defaults
from clientgroups.selectors.sla import due_times
from core.business_time import add_minutes, minutes_between
from projects.models import RequestTask, Task
from reports.demo import service_texts as texts
from reports.demo.clients import World

# Open minutes ago that each open request of a group came in: from late to just now.
OPEN = [(5200, "open"), (2650, "open"), (900, "waiting"), (500, "new"), (260, "open"), (20, "new")]
DONE = 16
PRIORITIES = (["low", "normal", "high", "urgent"], [15, 55, 22, 8])


def make_service(world: World) -> None:
    """Calendars, service levels, requests and canned answers."""
    create_service_defaults(apps.get_model)
    types = {each.name: each for each in RequestType.objects.all()}
    _canned(types)
    desk = Desk(world, types)
    for index, archetype in enumerate(("harbour", "school", "clinic")):
        desk.serve(archetype, world.groups[index])
    desk.store()


def _canned(types):
    for title, kind, text, text_zh in texts.CANNED:
        CannedAnswer.objects.get_or_create(
            title=title, defaults={"text": text, "text_zh": text_zh, "type": types.get(kind)}
        )


class Desk:
    """Collects the rows of all groups and stores them at once."""

    def __init__(self, world, types):
        self.dice, self.types, self.now = world.dice, types, timezone.now()
        levels = SlaPolicy.objects.filter(type=None).select_related("calendar")
        self.levels = {level.priority: level for level in levels}
        shared = levels[0].calendar
        CalendarException.objects.get_or_create(
            calendar=shared,
            day=world.today + dt.timedelta(days=12),
            defaults={"note": "Annual team day"},
        )
        self.calendar = shared.business_time
        self.requests, self.messages = [], []

    def serve(self, archetype, group):
        clients = sorted(group.memberships.select_related("client"), key=lambda row: row.pk)
        clients = self.dice.sample([row.client for row in clients], min(24, len(clients)))
        contacts = Contact.objects.filter(client__in=clients).order_by("pk")
        self.contact = {row.client_id: row for row in contacts}
        access = GroupAccess.objects.filter(client_group=group).exclude(role=Role.VIEWER)
        self.team = [row.user for row in access.select_related("user").order_by("pk")]
        for place, (minutes, status) in enumerate(OPEN):
            self.open_one(clients[place], minutes, status)
        for _number in range(DONE):
            self.done_one(self.dice.choice(clients))

    def begin(self, client, opened_at, priority):
        """A new request with its clocks, and the words that go with it."""
        language = "en" if client.name.isascii() else "zh"
        kind = self.dice.choices(list(texts.REQUESTS[language]), [45, 15, 15, 25])[0]
        words = self.dice.choice(texts.REQUESTS[language][kind])
        level = self.levels[priority]
        answer, resolution = due_times(level, opened_at, 0)
        row = ServiceRequest(
            client=client,
            contact=self.contact.get(client.pk),
            type=self.types[kind],
            priority=priority,
            source=self.dice.choice(["email", "phone", "phone", "chat", "visit"]),
            subject=words[0],
            text=words[1],
            created_by=self.team[0],
            sla=level,
            opened_at=opened_at,
            first_answer_due_at=answer,
            resolution_due_at=resolution,
            token=secrets.token_urlsafe(32),
        )
        self.requests.append(row)
        return row, words, language

    def open_one(self, client, minutes, status):
        opened = self._ago(minutes)
        priority = "high" if minutes in (2650, 260) else "normal"
        row, words, language = self.begin(client, opened, priority)
        row.status = status
        row.assignee = None if status == "new" else self.dice.choice(self.team)
        if status == "new":
            return
        row.first_answered_at = self._after(opened, self.dice.randrange(20, 200))
        self.say(row, words[2], row.assignee, row.first_answered_at)
        later = self._after(row.first_answered_at, 30)
        self.say(row, self.dice.choice(texts.NOTES[language]), row.assignee, later, internal=True)
        if status == "waiting":
            row.paused_at = min(later, self.now)
        else:
            self.say(
                row, self.dice.choice(texts.FOLLOW_UPS[language]), None, self._after(later, 60)
            )

    def done_one(self, client):
        opened = self._ago(self.dice.randrange(3000, 60_000))
        priority = self.dice.choices(*PRIORITIES)[0]
        row, words, language = self.begin(client, opened, priority)
        row.assignee = self.dice.choice(self.team)
        level, late = row.sla, self.dice.random() < 0.14
        answer = level.first_answer_minutes * self.dice.uniform(0.1, 1.15)
        end = level.resolution_minutes * (self.dice.uniform(0.25, 0.95) if not late else 1.3)
        row.first_answered_at = self._after(opened, int(answer))
        row.resolved_at = max(self._after(opened, int(end)), row.first_answered_at)
        if row.resolved_at >= self.now:
            row.resolved_at = self.now - dt.timedelta(hours=2)
            row.first_answered_at = min(row.first_answered_at, row.resolved_at)
        old = row.resolved_at < self.now - dt.timedelta(days=14)
        row.status = "closed" if old else "resolved"
        row.outcome = words[3]
        self.say(row, words[2], row.assignee, row.first_answered_at)
        self.say(row, words[3], row.assignee, row.resolved_at)
        if self.dice.random() < 0.6:
            row.rating = self.dice.choices([2, 3, 4, 5], [6, 12, 40, 42])[0]
            row.rating_text = texts.RATINGS[language][row.rating]
            row.rated_at = min(row.resolved_at + dt.timedelta(hours=20), self.now)

    def say(self, row, text, author, at, *, internal=False):
        message = RequestMessage(request=row, author=author, is_internal=internal, text=text)
        self.messages.append((message, min(at, self.now)))

    def _ago(self, minutes):
        """The moment since which so many minutes were open, found by a few guesses."""
        days = minutes / 540 * 1.4 + 1
        moment = self.now - dt.timedelta(days=days)
        spare = minutes_between(self.calendar, moment, self.now) - minutes
        return self._after(moment, max(0, spare))

    def _after(self, moment, minutes):
        return add_minutes(self.calendar, moment, minutes)

    def store(self):
        ServiceRequest.objects.bulk_create(self.requests)
        for message, _at in self.messages:
            message.request_id = message.request.pk
        messages = RequestMessage.objects.bulk_create(message for message, _at in self.messages)
        # The moment of a message is set when it is stored; here it lies in the past.
        for message, (_same, at) in zip(messages, self.messages, strict=True):
            message.at = at
        RequestMessage.objects.bulk_update(messages, ["at"], batch_size=500)
        self.tie_tasks()

    def tie_tasks(self):
        """One open request of each group is worked on in a project."""
        ties = []
        for row in self.requests:
            if row.status != "open" or row.priority != "high":
                continue
            groups = row.client.memberships.current().values("client_group")
            tasks = Task.objects.filter(
                project__client_group__in=groups, column__category="doing", request_link=None
            )
            task = tasks.exclude(pk__in=[tie.task_id for tie in ties]).order_by("pk").first()
            if task:
                ties.append(RequestTask(request=row, task=task))
        RequestTask.objects.bulk_create(ties)
