import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clientgroups.models.client import Client
from clientgroups.models.contact import Contact
from clientgroups.models.group import ClientGroup


class InteractionQuerySet(models.QuerySet):
    def visible_to(self, user):
        if user.sees_everything:
            return self
        return self.filter(client__in=Client.objects.visible_to(user))

    def kept(self):
        """Without those deleted a while ago, whose rows wait for an undo."""
        return self.filter(deleted_at=None)

    def touches(self):
        """What counts as a touch: everything but notes, from either side."""
        return self.kept().exclude(kind=Interaction.Kind.NOTE)

    def awaiting_follow_up(self):
        return self.kept().exclude(follow_up_on=None).filter(followed_up_at=None)


class Interaction(models.Model):
    """One touch: what was said with a client, by which way, and what comes next."""

    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        VISIT = "visit", _("Visit")
        EMAIL = "email", pgettext_lazy("way of talking with a client", "E-mail")
        CHAT = "chat", _("Chat")
        MEETING = "meeting", _("Meeting")
        NOTE = "note", pgettext_lazy("what somebody wrote down", "Note")

    class Direction(models.TextChoices):
        OUT = "out", _("From us")
        IN = "in", _("From the client")

    client = models.ForeignKey(Client, models.CASCADE, related_name="interactions", db_index=False)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="interactions"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.CALL)
    direction = models.CharField(
        _("direction"), max_length=3, choices=Direction, default=Direction.OUT
    )
    happened_at = models.DateTimeField(_("when"), default=timezone.now)
    summary = models.CharField(_("in one line"), max_length=300)
    text = models.TextField(_("what was said"), blank=True, max_length=20_000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="interactions", verbose_name=_("by")
    )
    follow_up_on = models.DateField(_("follow up on"), null=True, blank=True)
    follow_up_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name=_("by whom"),
        db_index=False,  # interaction_follow_up begins with it
    )
    follow_up_note = models.CharField(_("what to do"), max_length=300, blank=True)
    followed_up_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The same form sent twice writes one row.
    submission_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # Deleted rows can be taken back for some days; then a job removes them for good.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        ordering = ["-happened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="interaction_follow_up_has_person",
                condition=Q(follow_up_on=None) | Q(follow_up_by__isnull=False),
                violation_error_message=_("Say who follows up."),
            )
        ]
        indexes = [
            models.Index(fields=["client", "-happened_at"], name="interaction_client"),
            models.Index(
                fields=["follow_up_by", "follow_up_on"],
                name="interaction_follow_up",
                condition=Q(followed_up_at=None, follow_up_on__isnull=False),
            ),
            models.Index(
                fields=["deleted_at"],
                name="interaction_deleted",
                condition=Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self):
        return self.summary

    def role_of(self, user):
        return self.client.role_of(user)


class TouchPlan(models.Model):
    """How often the clients of a group are to be touched; an empty stage means every stage."""

    client_group = models.ForeignKey(ClientGroup, models.CASCADE, related_name="touch_plans")
    stage = models.CharField(_("lifecycle stage"), max_length=10, choices=Client.Stage, blank=True)
    every_days = models.PositiveSmallIntegerField(
        _("at least every (days)"), validators=[MinValueValidator(1), MaxValueValidator(730)]
    )
    kind = models.CharField(_("how"), max_length=8, choices=Interaction.Kind, blank=True)
    note = models.CharField(_("what about"), max_length=300, blank=True)
    # Nobody is late for a promise that was not made yet.
    begins_on = models.DateField(_("holds from"), default=timezone.localdate)

    class Meta:
        verbose_name = _("touch plan")
        verbose_name_plural = _("touch plans")
        ordering = ["client_group", "stage"]
        constraints = [
            models.UniqueConstraint(
                fields=["client_group", "stage"],
                name="touchplan_once_per_stage",
                violation_error_message=_("This stage has a cadence in the group already."),
            ),
            models.CheckConstraint(
                name="touchplan_cadence_above_zero", condition=Q(every_days__gte=1)
            ),
        ]

    def __str__(self):
        return f"{self.client_group} · {self.get_stage_display()}"

    def role_of(self, user):
        return self.client_group.role_of(user)


class ClientHealth(models.Model):
    """A client's health on a day, 0 (bad) to 100, with what pulled it up and down.

    Written only when it changed, so that the rows are the trend. `drivers` is a list of
    {"key", "points", "weight", "found"}.
    """

    client = models.ForeignKey(Client, models.CASCADE, related_name="health_history")
    as_of = models.DateField(_("as of"))
    score = models.PositiveSmallIntegerField(_("health"), null=True, blank=True)
    drivers = models.JSONField(default=list)

    class Meta:
        verbose_name = _("client health")
        verbose_name_plural = _("client health")
        ordering = ["-as_of"]
        constraints = [
            models.UniqueConstraint(fields=["client", "as_of"], name="clienthealth_once_a_day"),
            models.CheckConstraint(
                name="clienthealth_0_to_100", condition=Q(score=None) | Q(score__lte=100)
            ),
        ]

    def __str__(self):
        return f"{self.client_id} {self.as_of:%Y-%m-%d}: {self.score}"
