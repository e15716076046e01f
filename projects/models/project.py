from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role, stronger
from clientgroups.models import ClientGroup, GroupAccess
from core.prepared import prepared
from core.search import search_field


class ProjectQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Projects in which the person holds a role, directly or through the client group."""
        if user.sees_everything:
            return self
        return self.filter(
            Q(pk__in=ProjectAccess.objects.filter(user=user).values("project"))
            | Q(client_group__in=GroupAccess.objects.filter(user=user).values("client_group"))
        )

    def active(self):
        return self.filter(status__in=["planned", "active"])


class Project(models.Model):
    """Work for one client group, with a lead, people, dates and money."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        ACTIVE = "active", _("Active")
        ON_HOLD = "on_hold", _("On hold")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    client_group = models.ForeignKey(
        ClientGroup, models.PROTECT, related_name="projects", verbose_name=_("client group")
    )
    name = models.CharField(_("name"), max_length=160)
    key = models.CharField(
        _("key"),
        max_length=8,
        unique=True,
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9]{1,7}$", _("Use 2 to 8 capital letters or digits."))
        ],
        help_text=_("Stands before each task number, like HR-128."),
        error_messages={"unique": _("Another project already uses this key.")},
    )
    description = models.TextField(_("description"), blank=True, max_length=10000)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="led_projects",
        verbose_name=_("lead"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    start_on = models.DateField(_("start"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    budget = models.DecimalField(
        _("budget"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    # The number given to the last task; raised under a row lock, so numbers never repeat.
    last_task_number = models.PositiveIntegerField(default=0, editable=False)
    external_id = models.CharField(max_length=120, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    search = search_field("name", "key", "description")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="project_due_after_start",
                condition=Q(start_on=None) | Q(due_on=None) | Q(due_on__gte=F("start_on")),
                violation_error_message=_("The due date lies before the start."),
            ),
            models.CheckConstraint(
                name="project_budget_not_negative",
                condition=Q(budget=None) | Q(budget__gte=0),
                violation_error_message=_("A budget cannot be negative."),
            ),
        ]
        indexes = [GinIndex(fields=["search"], name="project_search")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("projects:project_detail", args=[self.pk])

    def role_of(self, user):
        """The stronger of the role in the project and the role in its client group."""
        cache = self.__dict__.setdefault("_roles", {})
        if user.pk not in cache:
            found = roles_held(self.pk, self.client_group_id, user.pk)
            cache[user.pk] = stronger(*(role for (role,) in found))
        return cache[user.pk]


class ProjectAccess(models.Model):
    """Which person may do what in one project, besides those with a role in its group."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="access")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="project_access",
        verbose_name=_("person"),
    )
    role = models.CharField(_("role"), max_length=8, choices=Role, default=Role.MEMBER)

    class Meta:
        verbose_name = _("project access")
        verbose_name_plural = _("project access")
        ordering = ["user__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"],
                name="projectaccess_once",
                violation_error_message=_("This person already has a role in the project."),
            )
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()}"


@prepared
def roles_held(project: int, group: int, user: int):
    own = ProjectAccess.objects.filter(project=project, user=user).order_by().values_list("role")
    groups = GroupAccess.objects.filter(client_group=group, user=user).order_by()
    return own.union(groups.values_list("role"), all=True)
