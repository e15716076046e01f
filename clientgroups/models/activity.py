import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client
from clientgroups.models.contact import Channel, Contact
from clientgroups.models.group import ClientGroup


class ActivityQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Activities of groups in which the person holds a role."""
        if user.sees_everything:
            return self
        return self.filter(client_group__in=ClientGroup.objects.visible_to(user))


class Activity(models.Model):
    """Something done to keep clients engaged: its audience is the clients of groups."""

    class Kind(models.TextChoices):
        EVENT = "event", _("Event")
        WEBINAR = "webinar", _("Webinar")
        CAMPAIGN = "campaign", _("Campaign")
        SOCIAL = "social", _("Social post")
        OFFER = "offer", _("Personal offer")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        INVITED = "invited", _("Invitations sent")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    # Whose roles hold here. The audience may take in further groups.
    client_group = models.ForeignKey(
        ClientGroup, models.CASCADE, related_name="activities", verbose_name=_("client group")
    )
    audience = models.ManyToManyField(
        ClientGroup, blank=True, related_name="+", verbose_name=_("also the clients of")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.EVENT)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    name = models.CharField(_("name"), max_length=200)
    text = models.TextField(_("invitation"), blank=True, max_length=20_000)
    text_zh = models.TextField(_("invitation in Chinese"), blank=True, max_length=20_000)
    place = models.CharField(_("place or link"), max_length=300, blank=True)
    channel = models.CharField(
        _("by which channel"), max_length=8, choices=Channel, default=Channel.EMAIL
    )
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    cancelled_because = models.CharField(
        _("why it was cancelled"), max_length=300, blank=True, editable=False
    )
    # Counts the changes of time and place: calendars replace an older copy of the event by it.
    version = models.PositiveIntegerField(default=1, editable=False)
    submission_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = [F("starts_at").desc(nulls_first=True), "-pk"]
        constraints = [
            models.CheckConstraint(
                name="activity_ends_after_start",
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gte=F("starts_at")),
                violation_error_message=_("It cannot end before it begins."),
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("clientgroups:activity_detail", args=[self.pk])

    def role_of(self, user):
        return self.client_group.role_of(user)

    @property
    def is_open(self):
        return self.status in (self.Status.DRAFT, self.Status.INVITED)

    @property
    def is_gathering(self):
        """People come together, so that seats and attendance make sense."""
        return self.kind in (self.Kind.EVENT, self.Kind.WEBINAR)

    @property
    def is_advertising(self):
        """What only people with a recorded agreement should get."""
        return self.kind in (self.Kind.CAMPAIGN, self.Kind.OFFER)

    @property
    def by_email(self):
        return self.channel == Channel.EMAIL

    def has_begun(self, now):
        """From now on nobody may answer: it begins, or what has no begin has ended."""
        until = self.starts_at or self.ends_at
        return until is not None and until <= now


class ActivityInvitation(models.Model):
    """A contact asked to an activity; `token` opens the answer page without an account."""

    class Answer(models.TextChoices):
        NONE = "none", _("No answer yet")
        ACCEPTED = "accepted", _("Accepted")
        WAITING = "waiting", _("Waiting for a seat")
        DECLINED = "declined", _("Declined")

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="invitations")
    client = models.ForeignKey(Client, models.CASCADE, related_name="activity_invitations")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="activity_invitations")
    token = models.CharField(max_length=64, unique=True, editable=False)
    # When the invitation left by e-mail, or somebody ticked that the person was asked.
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    answer = models.CharField(_("answer"), max_length=8, choices=Answer, default=Answer.NONE)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    # None while nobody has said whether the person came.
    attended = models.BooleanField(_("attended"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation to an activity")
        verbose_name_plural = _("invitations to activities")
        ordering = ["client__name", "contact__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "contact"],
                name="activityinvitation_once",
                violation_error_message=_("This person is invited already."),
            )
        ]

    def __str__(self):
        return f"{self.contact} · {self.activity}"

    def get_absolute_url(self):
        return reverse("clientgroups:activity_answer", args=[self.token])

    def role_of(self, user):
        return self.activity.role_of(user)
