from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role
from core.prepared import prepared
from core.search import search_field


class ClientGroupQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Groups in which the person holds any role; one of its projects does not suffice."""
        if user.sees_everything:
            return self
        return self.filter(pk__in=GroupAccess.objects.filter(user=user).values("client_group"))

    def active(self):
        return self.filter(archived_at=None)


class ClientGroup(models.Model):
    """A segment: clients listed by hand, or all that match a rule tree."""

    class Kind(models.TextChoices):
        STATIC = "static", _("Listed by hand")
        DYNAMIC = "dynamic", _("By a rule")

    class Problem(models.TextChoices):
        RULE = "rule", _("The rule can no longer be worked out.")
        SLOW = "slow", _("Working the rule out took too long.")
        FAILED = "failed", _("Working the rule out failed.")

    name = models.CharField(
        _("name"),
        max_length=120,
        unique=True,
        error_messages={"unique": _("A client group with this name exists already.")},
    )
    description = models.TextField(_("description"), blank=True, max_length=4000)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.STATIC)
    rule = models.JSONField(_("rule"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="owned_groups",
        verbose_name=_("owner"),
    )
    member_count = models.PositiveIntegerField(_("clients"), default=0, editable=False)
    refreshed_at = models.DateTimeField(_("members as of"), null=True, blank=True, editable=False)
    refresh_ms = models.PositiveIntegerField(null=True, blank=True, editable=False)
    stale_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Who came and went in the last full run and since.
    joined_count = models.PositiveIntegerField(default=0, editable=False)
    left_count = models.PositiveIntegerField(default=0, editable=False)
    # Why the last run changed nothing; its members stay as they were.
    problem = models.CharField(max_length=8, choices=Problem, blank=True, editable=False)
    problem_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    search = search_field("name", "description")

    objects = ClientGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("client group")
        verbose_name_plural = _("client groups")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="clientgroup_rule_only_when_dynamic",
                condition=Q(kind="dynamic", rule__isnull=False) | Q(kind="static", rule=None),
                violation_error_message=_("A group by rule needs a rule; a listed group has none."),
            )
        ]
        indexes = [
            GinIndex(fields=["search"], name="clientgroup_search"),
            models.Index(
                fields=["stale_at"], name="clientgroup_stale", condition=Q(stale_at__isnull=False)
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("clientgroups:group_detail", args=[self.pk])

    def role_of(self, user):
        """The person's role here; one small query, remembered on the instance."""
        cache = self.__dict__.setdefault("_roles", {})
        if user.pk not in cache:
            cache[user.pk] = next(iter(roles_held(self.pk, user.pk)), None)
        return cache[user.pk]


class GroupAccess(models.Model):
    """Which person may do what in a client group, its clients and all of its projects."""

    client_group = models.ForeignKey(ClientGroup, models.CASCADE, related_name="access")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="group_access",
        verbose_name=_("person"),
    )
    role = models.CharField(_("role"), max_length=8, choices=Role, default=Role.MEMBER)

    class Meta:
        verbose_name = _("group access")
        verbose_name_plural = _("group access")
        ordering = ["user__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["client_group", "user"],
                name="groupaccess_once",
                violation_error_message=_("This person already has a role in the group."),
            )
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()}"

    def role_of(self, user):
        return self.client_group.role_of(user)


@prepared
def roles_held(group: int, user: int):
    access = GroupAccess.objects.filter(client_group=group, user=user)
    return access.order_by().values_list("role", flat=True)
