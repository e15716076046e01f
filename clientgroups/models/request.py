import uuid

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from clientgroups.models.calendar import BusinessCalendar
from clientgroups.models.client import Client
from clientgroups.models.contact import Contact
from core.search import search_field

# About two years of working days; more is a typing error.
LONGEST_MINUTES = 300_000


class Priority(models.TextChoices):
    LOW = "low", _("Low")
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class RequestType(models.Model):
    """A kind of request, such as a question or a complaint."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("type of request")
        verbose_name_plural = _("types of request")
        ordering = ["position", "name"]

    def __str__(self):
        chinese = (get_language() or "").startswith("zh")
        return self.name_zh if chinese and self.name_zh else self.name


class SlaPolicy(models.Model):
    """How fast requests of a priority (and, if named, a type) are answered and resolved.

    Both times are minutes in which the calendar is open; the policy that names the type wins.
    """

    type = models.ForeignKey(
        RequestType, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("type")
    )
    priority = models.CharField(_("priority"), max_length=8, choices=Priority)
    first_answer_minutes = models.PositiveIntegerField(
        _("first answer within (minutes)"), validators=[MinValueValidator(1)]
    )
    resolution_minutes = models.PositiveIntegerField(
        _("resolved within (minutes)"), validators=[MinValueValidator(1)]
    )
    calendar = models.ForeignKey(
        BusinessCalendar, models.PROTECT, related_name="+", verbose_name=_("calendar")
    )

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["type", "priority"]
        constraints = [
            models.UniqueConstraint(
                fields=["type", "priority"],
                name="slapolicy_once",
                nulls_distinct=False,
                violation_error_message=_("This type and priority have a service level already."),
            ),
            models.CheckConstraint(
                name="slapolicy_answer_before_resolution",
                condition=Q(first_answer_minutes__lte=F("resolution_minutes")),
                violation_error_message=_("The first answer is due before the resolution."),
            ),
        ]

    def __str__(self):
        return f"{self.type or '*'} · {self.get_priority_display()}"

    def clean(self):
        super().clean()
        for name in ("first_answer_minutes", "resolution_minutes"):
            if (getattr(self, name) or 0) > LONGEST_MINUTES:
                problem = gettext("Give %(most)s minutes at most.") % {"most": LONGEST_MINUTES}
                raise ValidationError({name: problem})


class ServiceRequestQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Requests of clients the person sees, and those assigned to them."""
        if user.sees_everything:
            return self
        return self.filter(Q(client__in=Client.objects.visible_to(user)) | Q(assignee=user))

    def open(self):
        return self.exclude(status__in=["resolved", "closed"])

    def running(self):
        """Open, of a client that is not put away: somebody waits for it."""
        return self.open().filter(client__archived_at=None)


class ServiceRequest(models.Model):
    """What a client asked for, with the clocks that say how long they wait.

    The clocks count minutes in which the calendar is open. While it waits for the client both stand
    still: `paused_at` says since when, and on resuming the due times move on by the open minutes
    of the pause.
    """

    class Status(models.TextChoices):
        NEW = "new", _("New")
        OPEN = "open", _("In work")
        WAITING = "waiting", _("Waiting for the client")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")

    class Source(models.TextChoices):
        EMAIL = "email", pgettext_lazy("way of talking with a client", "E-mail")
        PHONE = "phone", _("Phone")
        CHAT = "chat", _("Chat")
        VISIT = "visit", _("Visit")
        LINK = "link", _("Their page")

    # Where a request may go from where it stands. Reopening has its own rules; see services.
    MOVES = {
        Status.NEW: (Status.OPEN, Status.WAITING, Status.RESOLVED),
        Status.OPEN: (Status.WAITING, Status.RESOLVED),
        Status.WAITING: (Status.OPEN, Status.RESOLVED),
        Status.RESOLVED: (Status.OPEN, Status.CLOSED),
        Status.CLOSED: (Status.OPEN,),
    }

    client = models.ForeignKey(Client, models.CASCADE, related_name="requests")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="requests"
    )
    type = models.ForeignKey(
        RequestType, models.PROTECT, related_name="requests", verbose_name=_("type")
    )
    priority = models.CharField(
        _("priority"), max_length=8, choices=Priority, default=Priority.NORMAL
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.NEW)
    source = models.CharField(_("came by"), max_length=8, choices=Source, default=Source.PHONE)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("what they asked for"), blank=True, max_length=20_000)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="requests",
        verbose_name=_("assignee"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    sla = models.ForeignKey(SlaPolicy, models.SET_NULL, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField(_("came in"))
    first_answer_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    first_answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolution_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_minutes = models.PositiveIntegerField(default=0, editable=False)
    # Set by the tick that told the assignee, so that each breach is told once.
    answer_breached_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolution_breached_at = models.DateTimeField(null=True, blank=True, editable=False)
    outcome = models.TextField(_("outcome"), blank=True, max_length=4000)
    # Written long after that one was resolved, so it became a request of its own.
    follows = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="followed_by"
    )
    token = models.CharField(max_length=64, unique=True, editable=False)
    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    rating_text = models.TextField(_("in their words"), blank=True, max_length=4000)
    rated_at = models.DateTimeField(null=True, blank=True, editable=False)
    submission_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    search = search_field("subject", "text")

    objects = ServiceRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("service request")
        verbose_name_plural = _("service requests")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="servicerequest_rating_1_to_5",
                condition=Q(rating=None) | Q(rating__range=(1, 5)),
                violation_error_message=_("A rating is 1 to 5."),
            ),
            models.CheckConstraint(
                name="servicerequest_resolved_has_time",
                condition=Q(status__in=["resolved", "closed"], resolved_at__isnull=False)
                | ~Q(status__in=["resolved", "closed"]) & Q(resolved_at=None),
            ),
            models.CheckConstraint(
                name="servicerequest_waiting_is_paused",
                condition=Q(status="waiting", paused_at__isnull=False)
                | ~Q(status="waiting") & Q(paused_at=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["resolution_due_at"],
                name="servicerequest_due",
                condition=~Q(status__in=["resolved", "closed", "waiting"]),
            ),
            models.Index(fields=["client", "-opened_at"], name="servicerequest_client"),
            models.Index(fields=["status", "resolution_due_at"], name="servicerequest_status"),
            GinIndex(fields=["search"], name="servicerequest_search"),
        ]

    def __str__(self):
        return self.subject

    def get_absolute_url(self):
        return reverse("clientgroups:request_detail", args=[self.pk])

    def role_of(self, user):
        """The role at the client; an assignee who has none works on it as a member."""
        role = self.client.role_of(user)
        return role or ("member" if self.assignee_id == user.pk else None)

    @property
    def number(self):
        """What people call the request by, on the phone and in mails."""
        return f"R-{self.pk}"

    @property
    def is_open(self):
        return self.status not in (self.Status.RESOLVED, self.Status.CLOSED)


class RequestMessage(models.Model):
    """One entry of the conversation: seen by the client, or internal."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="messages")
    # Empty: written by the client.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    is_internal = models.BooleanField(_("internal"), default=False)
    text = models.TextField(_("message"), max_length=20_000)
    submission_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="requestmessage_internal_has_author",
                condition=Q(is_internal=False) | Q(author__isnull=False),
            )
        ]

    def __str__(self):
        return self.text[:80]

    def role_of(self, user):
        return self.request.role_of(user)


class CannedAnswer(models.Model):
    """A text that answers what is asked often, in both languages."""

    title = models.CharField(_("title"), max_length=120, unique=True)
    text = models.TextField(_("text"), max_length=10_000)
    text_zh = models.TextField(_("text in Chinese"), blank=True, max_length=10_000)
    type = models.ForeignKey(
        RequestType,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("type"),
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("canned answer")
        verbose_name_plural = _("canned answers")
        ordering = ["title"]

    def __str__(self):
        return self.title
