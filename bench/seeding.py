"""Rows for the page measurements, written in bulk, and the session of somebody who may see them."""

import datetime as dt

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Contact, GroupAccess
from feedback.models import Invitation, Question, Survey, SurveyVersion, Wave
from projects.models import BoardColumn, Project, Task

CATEGORIES = ["todo", "todo", "doing", "doing", "done"]


def project_with_tasks(count):
    """A project on a board of five columns, and a member who sees it through its group."""
    user = User.objects.create(email="bench@example.org", name="Bench")
    group = ClientGroup.objects.create(name="Bench", owner=user)
    GroupAccess.objects.create(client_group=group, user=user, role="lead")
    project = Project.objects.create(client_group=group, name="Bench", key="BENCH", lead=user)
    columns = [
        BoardColumn.objects.create(project=project, name=f"Column {n}", category=each, position=n)
        for n, each in enumerate(CATEGORIES)
    ]
    now, day = timezone.now(), timezone.localdate()
    Task.objects.bulk_create(
        Task(
            project=project,
            number=n,
            column=columns[n % 5],
            position=n * 1024,
            title=f"Agree the agenda with the client, part {n}",
            priority=1 + n % 4,
            assignee=user if n % 3 else None,
            due_on=day + dt.timedelta(days=n % 200),
            completed_at=now if n % 5 == 4 else None,
            created_at=now,
        )
        for n in range(1, count + 1)
    )
    Project.objects.filter(pk=project.pk).update(last_task_number=count)
    return project, user


def further_projects(user, projects, tasks, people):
    """What else an installation of some size holds: groups, people, projects and their tasks."""
    users = User.objects.bulk_create(
        User(email=f"u{n}@example.org", name=f"Person {n}") for n in range(people)
    )
    groups = ClientGroup.objects.bulk_create(
        ClientGroup(name=f"Group {n}", owner=user) for n in range(50)
    )
    GroupAccess.objects.bulk_create(
        GroupAccess(client_group=group, user=user, role="lead") for group in groups
    )
    made = Project.objects.bulk_create(
        Project(client_group=groups[n % 50], name=f"Project {n}", key=f"P{n}", lead=user)
        for n in range(projects)
    )
    columns = BoardColumn.objects.bulk_create(
        BoardColumn(project=project, name=each.title(), category=each, position=n)
        for project in made
        for n, each in enumerate(CATEGORIES)
    )
    now, day = timezone.now(), timezone.localdate() - dt.timedelta(days=20)
    Task.objects.bulk_create(
        (
            Task(
                project=made[n % projects],
                number=1 + n // projects,
                column=columns[n % projects * len(CATEGORIES) + n // projects % len(CATEGORIES)],
                position=n * 1024,
                title=f"Prepare the workshop with team {n % 30}, part {n}",
                priority=1 + n % 4,
                assignee=users[n % people] if n % 3 else None,
                due_on=day + dt.timedelta(days=n % 200),
                created_at=now,
            )
            for n in range(tasks)
        ),
        batch_size=5000,
    )


def invitations(count, questions, project):
    """Links of an open survey that nobody used yet: (tokens, keys of the questions)."""
    user, group = project.lead, project.client_group
    survey = Survey.objects.create(
        client_group=group,
        project=project,
        name="Bench",
        title_en="How are we doing?",
        state=Survey.State.OPEN,
        created_by=user,
    )
    version = SurveyVersion.objects.create(survey=survey, number=1, published_at=timezone.now())
    kinds = ["nps", "csat", "ces"]
    rows = Question.objects.bulk_create(
        Question(version=version, kind=kinds[n % 3], text_en=f"Question {n}?", position=n)
        for n in range(questions)
    )
    wave = Wave.objects.create(
        survey=survey,
        version=version,
        name="Bench",
        state=Wave.State.SENT,
        send_at=timezone.now(),
        created_by=user,
    )
    clients = Client.objects.bulk_create(
        Client(name=f"Client {n}", owner=user) for n in range(count)
    )
    contacts = Contact.objects.bulk_create(
        Contact(client=client, name=client.name, email=f"c{n}@example.org")
        for n, client in enumerate(clients)
    )
    made = Invitation.objects.bulk_create(
        Invitation(wave=wave, contact=contact, state="sent", sent_at=timezone.now())
        for contact in contacts
    )
    return [each.token for each in made], [row.pk for row in rows]


def session_cookie(user):
    """What the browser of somebody who signed in a moment ago would send."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def paths(project):
    """Name -> path of the pages for people who sign in."""
    return {
        "task list": reverse("projects:task_list", args=[project.pk]),
        "board": reverse("projects:board", args=[project.pk]),
        "task page": reverse("projects:task_detail", args=[project.pk, 17]),
        "client list": reverse("clientgroups:client_list"),
        "overview": reverse("reports:today"),
        "search": reverse("reports:search") + "?q=agenda",
        "create a task": reverse("projects:task_create", args=[project.pk]),
    }


class QueryCounter:
    """How many statements a page sends, asked in this process with the product's own settings."""

    def __init__(self, user=None):
        self.browser = Browser(raise_request_exception=False, SERVER_NAME="127.0.0.1")
        if user:
            self.browser.force_login(user)

    def get(self, path):
        self.browser.get(path)
        with CaptureQueriesContext(connection) as captured:
            response = self.browser.get(path)
        return len(captured) if response.status_code == 200 else str(response.status_code)

    def post(self, path, data):
        with CaptureQueriesContext(connection) as captured:
            response = self.browser.post(path, data)
        return len(captured) if response.status_code == 302 else str(response.status_code)
