"""Rows for the page measurements, written in bulk, and the session of somebody who may see them."""

import datetime as dt

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Contact, GroupAccess
from feedback.models import Invitation, Question, Survey, SurveyVersion, Wave
from projects.models import BoardColumn, Project, Task


def project_with_tasks(count):
    """A project on a board of five columns, and a member who sees it through its group."""
    user = User.objects.create(email="bench@example.org", name="Bench")
    group = ClientGroup.objects.create(name="Bench", owner=user)
    GroupAccess.objects.create(client_group=group, user=user, role="lead")
    project = Project.objects.create(client_group=group, name="Bench", key="BENCH", lead=user)
    categories = ["todo", "todo", "doing", "doing", "done"]
    columns = [
        BoardColumn.objects.create(project=project, name=f"Column {n}", category=each, position=n)
        for n, each in enumerate(categories)
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


def signed_in_paths(project):
    """(name, path) of the pages that exist."""
    wanted = {
        "task list, 50 of 1,000": ("projects:task_list", {"pk": project.pk}),
        "board, 1,000 cards": ("projects:board", {"pk": project.pk}),
        "task page": ("projects:task_detail", {"project_pk": project.pk, "number": 17}),
        "dashboard": ("reports:today", {}),
        "search": ("reports:search", {}),
    }
    for name, (url, arguments) in wanted.items():
        try:
            yield name, reverse(url, kwargs=arguments) + ("?q=agenda" if name == "search" else "")
        except NoReverseMatch:
            continue


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
