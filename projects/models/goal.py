from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode
from tree_queries.query import TreeQuerySet

from clientgroups.models import ClientGroup
from core.search import search_field
from projects.models.project import Project


class GoalQuerySet(TreeQuerySet):
    def visible_to(self, user):
        if user.sees_everything:
            return self
        return self.filter(project__in=Project.objects.visible_to(user))

    def live(self):
        return self.exclude(state=Goal.State.CANCELLED)

    def active(self):
        return self.filter(state=Goal.State.ACTIVE)


class Goal(TreeNode):
    """A SMART goal of a project, with sub-goals that have owners and due dates of their own.

    A draft may lack anything but its statement; the check constraint holds an active goal to
    metric, unit, baseline, target, owner, start and due. `progress` (0 to 1) and `pace` are
    derived by `services.goals.refresh_progress` and stand "as of" `progress_at`; NULL progress
    means that nothing was measured yet.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ACHIEVED = "achieved", _("Achieved")
        MISSED = "missed", _("Missed")
        CANCELLED = "cancelled", _("Cancelled")

    class Source(models.TextChoices):
        MANUAL = "manual", _("Entered by hand")
        SUBGOALS = "subgoals", _("From its sub-goals")
        TASKS = "tasks", _("From its tasks")
        CSAT = "csat", _("Satisfaction of the client group (CSAT)")
        NPS = "nps", _("Recommendation by the client group (NPS)")

    class Pace(models.TextChoices):
        ON_TRACK = "on_track", _("On track")
        AT_RISK = "at_risk", _("At risk")
        BEHIND = "behind", _("Behind")
        UNKNOWN = "unknown", _("Too little data")
        DONE = "done", _("Done")

    class Judging(models.TextChoices):
        INTERVAL = "interval", _("When the whole interval has passed the target")
        POINT = "point", _("When the value itself has passed the target")

    project = models.ForeignKey(Project, models.CASCADE, related_name="goals")
    client_group = models.ForeignKey(
        ClientGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="goals",
        verbose_name=_("client group"),
    )
    statement = models.CharField(_("goal"), max_length=300)
    relevance = models.TextField(_("why it matters"), blank=True, max_length=2000)
    attainability = models.TextField(_("why it can be reached"), blank=True, max_length=2000)
    source = models.CharField(_("measured"), max_length=10, choices=Source, default=Source.MANUAL)
    metric = models.CharField(_("metric"), max_length=120, blank=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    baseline = models.DecimalField(
        _("baseline"), max_digits=16, decimal_places=4, null=True, blank=True
    )
    target = models.DecimalField(
        _("target"), max_digits=16, decimal_places=4, null=True, blank=True
    )
    judged_by = models.CharField(
        _("counts as reached"), max_length=8, choices=Judging, default=Judging.INTERVAL
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_goals",
        verbose_name=_("owner"),
    )
    weight = models.DecimalField(
        _("weight"),
        max_digits=6,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(0), MaxValueValidator(1000)],
    )
    start_on = models.DateField(_("start"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    closing_summary = models.TextField(_("summary"), blank=True, max_length=4000)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    position = models.PositiveIntegerField(default=0, editable=False)
    # Derived; see the docstring.
    current_value = models.DecimalField(
        max_digits=16, decimal_places=4, null=True, blank=True, editable=False
    )
    progress = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True, editable=False
    )
    pace = models.CharField(max_length=8, choices=Pace, default=Pace.UNKNOWN, editable=False)
    # Why, as codes with figures: `selectors.goal_texts` says them in the reader's language.
    pace_reasons = models.JSONField(default=list, blank=True, editable=False)
    progress_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    search = search_field("statement", "metric")

    objects = GoalQuerySet.as_manager(with_tree_fields=False)

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="goal_due_after_start",
                condition=Q(start_on=None) | Q(due_on=None) | Q(due_on__gt=F("start_on")),
                violation_error_message=_("A goal is due after it starts."),
            ),
            models.CheckConstraint(
                name="goal_active_is_smart",
                condition=~Q(state="active")
                | Q(
                    owner__isnull=False,
                    start_on__isnull=False,
                    due_on__isnull=False,
                )
                & (
                    Q(source__in=["subgoals", "tasks"])
                    | (
                        Q(baseline__isnull=False, target__isnull=False)
                        & ~Q(metric="")
                        & ~Q(unit="")
                        & ~Q(baseline=F("target"))
                    )
                ),
                violation_error_message=_(
                    "An active goal needs a metric with unit, a baseline that differs from the "
                    "target, an owner, a start and a due date."
                ),
            ),
            models.CheckConstraint(
                name="goal_closed_has_summary",
                condition=~Q(state__in=["achieved", "missed"]) | ~Q(closing_summary=""),
                violation_error_message=_("Closing a goal needs a summary."),
            ),
            models.CheckConstraint(
                name="goal_progress_share",
                condition=Q(progress=None) | Q(progress__gte=0, progress__lte=1),
            ),
            models.CheckConstraint(
                name="goal_weight_not_negative",
                condition=Q(weight__gte=0),
                violation_error_message=_("A weight cannot be negative."),
            ),
            models.CheckConstraint(
                name="goal_parent_is_another",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message=_("A goal cannot be its own sub-goal."),
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="goal_search"),
            models.Index(fields=["project", "position"], name="goal_project_position"),
            models.Index(fields=["due_on"], name="goal_due_active", condition=Q(state="active")),
        ]

    def __str__(self):
        return self.statement

    def get_absolute_url(self):
        return reverse("projects:goal_detail", args=[self.project_id, self.pk])

    def role_of(self, user):
        return self.project.role_of(user)

    @property
    def is_measured(self):
        """True when dated values of a metric decide, not sub-goals or tasks."""
        return self.source not in (self.Source.SUBGOALS, self.Source.TASKS)

    @property
    def is_scored(self):
        """True when the values come from surveys."""
        return self.source in (self.Source.CSAT, self.Source.NPS)

    @property
    def is_open(self):
        return self.state in (self.State.DRAFT, self.State.ACTIVE)

    @property
    def is_live(self):
        return self.state != self.State.CANCELLED

    @property
    def share(self):
        """(weight, progress) for its parent; achieved without any figures counts as reached."""
        if self.progress is None and self.state == self.State.ACHIEVED:
            return self.weight, Decimal(1)
        return self.weight, self.progress

    @property
    def look(self):
        """What its badge says: the pace while it runs, its state before and after."""
        return self.pace if self.state == self.State.ACTIVE else self.state


class GoalMeasurement(models.Model):
    """A dated value of the goal's metric. Scores bring n and a 95 % interval with them."""

    goal = models.ForeignKey(Goal, models.CASCADE, related_name="measurements")
    measured_on = models.DateField(_("date"))
    value = models.DecimalField(_("value"), max_digits=16, decimal_places=4)
    low = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    high = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    n = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    # Names the figure this value was read from, so that a new run replaces it.
    source_key = models.CharField(max_length=120, blank=True)
    source_url = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")
        ordering = ["-measured_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["goal", "source_key"],
                name="goalmeasurement_once_per_source",
                condition=~Q(source_key=""),
            )
        ]
        indexes = [
            models.Index(fields=["goal", "-measured_on", "-id"], name="goalmeasurement_latest")
        ]

    def __str__(self):
        return f"{self.measured_on:%Y-%m-%d}: {self.value}"

    @property
    def project(self):
        return self.goal.project

    def role_of(self, user):
        return self.goal.role_of(user)


class CheckIn(models.Model):
    """A note on how a goal is going, with the owner's confidence in per cent."""

    goal = models.ForeignKey(Goal, models.CASCADE, related_name="check_ins")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.TextField(_("what happened and what is next"), max_length=4000)
    confidence = models.PositiveSmallIntegerField(
        _("confidence in %"), validators=[MaxValueValidator(100)]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="checkin_confidence_percent",
                condition=Q(confidence__lte=100),
                violation_error_message=_("Confidence lies between 0 and 100 %."),
            )
        ]

    def __str__(self):
        return self.note[:80]
