"""One person of the demo, and the rows of the demo this person works with."""

from dataclasses import dataclass
from functools import cached_property

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clientgroups.models import ClientGroup
from feedback.models import SatisfactionRollup, Survey
from imports.models import ImportRun
from imports.services import start_run
from projects.models import Goal, Task

STEPS = [ImportRun.State.UPLOADED, ImportRun.State.CHECKED, ImportRun.State.APPLIED]


@dataclass
class Story:
    user: User

    @cached_property
    def survey(self):
        surveys = Survey.objects.filter(client_group__owner=self.user, project__isnull=False)
        return surveys.order_by("pk").last()

    @cached_property
    def group(self):
        return self.survey.client_group

    @cached_property
    def project(self):
        return self.survey.project

    @cached_property
    def rule_group(self):
        groups = ClientGroup.objects.filter(owner=self.user, kind="dynamic").order_by("pk")
        return next(group for group in groups if group.memberships.current().exists())

    @cached_property
    def client(self):
        rows = self.group.memberships.current().order_by("pk")
        return next(row.client for row in rows if row.client.contacts.exists())

    @cached_property
    def task(self):
        tasks = Task.objects.filter(project=self.project, archived_at=None).order_by("pk")
        return tasks.exclude(checklist_items=None).exclude(comments=None).first()

    @cached_property
    def goal(self):
        """A running goal that somebody measures by hand, and has measured."""
        goals = Goal.objects.filter(project=self.project, state="active", source="manual")
        return goals.exclude(measurements=None).order_by("pk").first()

    @cached_property
    def wave(self):
        return self.survey.waves.order_by("pk").last()

    @cached_property
    def score(self):
        scores = SatisfactionRollup.objects.filter(scope="group", scope_id=self.group.pk)
        return scores.order_by("period_start", "pk").last()

    def invitation(self, state):
        return self.wave.invitations.filter(state=state).order_by("pk").first()

    def run(self, content, *, kind="purchases", project=None, steps=0):
        """An import that went so many steps: 0 uploaded, 1 mapped and checked, 2 written."""
        upload = SimpleUploadedFile(f"{kind}.txt", content.encode())
        run = start_run(actor=self.user, kind=kind, upload=upload, project=project)
        browser = Browser()
        browser.force_login(self.user)
        if steps > 0:
            url = reverse("imports:run_map", args=[run.pk])
            browser.post(url, suggested(browser.get(url).context))
        if steps > 1:
            url = reverse("imports:run_confirm", args=[run.pk])
            browser.post(url, {"as_of": timezone.localdate().isoformat()})
        run.refresh_from_db()
        assert run.state == STEPS[steps]
        return run


def suggested(context):
    """What the mapping page would send when nobody changed anything."""
    forms = [form for form in (context.get("source"), context["form"]) if form]
    data = {field.html_name: field.value() for form in forms for field in form}
    data["shown"] = str(getattr(context["form"], "place", ""))
    return {key: value for key, value in data.items() if value is not None and value is not False}
