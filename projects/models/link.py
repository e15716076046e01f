"""What ties the work of a project to the care of its clients."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Finding, Interaction, ServiceRequest
from projects.models.goal import Goal
from projects.models.project import Project
from projects.models.task import Task


class ProjectInteraction(models.Model):
    """A touch that was about a project, so that the project keeps its own log."""

    interaction = models.OneToOneField(Interaction, models.CASCADE, related_name="project_link")
    project = models.ForeignKey(Project, models.CASCADE, related_name="interactions")

    class Meta:
        verbose_name = _("interaction about a project")
        verbose_name_plural = _("interactions about projects")

    def __str__(self):
        return f"{self.project} · {self.interaction}"


class RequestTask(models.Model):
    """A task made of a client's request."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="task_links")
    task = models.OneToOneField(Task, models.CASCADE, related_name="request_link")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("task made of a request")
        verbose_name_plural = _("tasks made of requests")

    def __str__(self):
        return f"{self.request} → {self.task}"


class GoalEvidence(models.Model):
    """A research finding that a goal rests on."""

    goal = models.ForeignKey(Goal, models.CASCADE, related_name="evidence")
    finding = models.ForeignKey(Finding, models.CASCADE, related_name="goal_links")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("evidence of a goal")
        verbose_name_plural = _("evidence of goals")
        constraints = [
            models.UniqueConstraint(
                fields=["goal", "finding"],
                name="goalevidence_once",
                violation_error_message=_("The goal rests on this finding already."),
            )
        ]

    def __str__(self):
        return f"{self.goal} · {self.finding}"
