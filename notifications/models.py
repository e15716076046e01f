import uuid

from django.conf import settings
from django.db import models
from django.db.models import Case, IntegerField, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MessageQuerySet(models.QuerySet):
    def claimable(self, now):
        """Waiting and due, or leased by a worker that has not come back."""
        return self.filter(
            Q(state=Message.State.WAITING, next_try_at__lte=now)
            | Q(state=Message.State.LEASED, leased_until__lt=now)
        )

    def inbox_of(self, user):
        """What stands in a person's inbox: the unread first, then the newest."""
        unread = Case(When(read_at=None, then=0), default=1, output_field=IntegerField())
        return self.filter(recipient=user).order_by(unread, "-created_at", "-pk")

    def older_than(self, moment):
        """Settled before a moment: read by a person, or mailed to somebody who has no inbox."""
        sent = Q(recipient=None, state=Message.State.SENT, sent_at__lt=moment)
        return self.filter(sent | Q(read_at__lt=moment))

    def unread(self):
        return self.filter(read_at=None)


class Message(models.Model):
    """One message for one address. The row is the truth; the queue only wakes a worker.

    `recipient` is a person who signs in (the message also stands in their inbox), or empty when
    it goes to a client's contact. Subject and body are rendered when the row is written, in the
    receiver's language. `url` and `unsubscribe_url` are paths of this site; `action` is the text
    of the button in the e-mail. A message that is given up says why in `last_error`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        LEASED = "leased", _("Being sent")
        SENT = "sent", _("Sent")
        PARKED = "parked", _("Given up")

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="messages"
    )
    address = models.EmailField(_("address"))
    language = models.CharField(max_length=10, default="en")
    kind = models.CharField(_("kind"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    html = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    action = models.CharField(max_length=60, blank=True)
    unsubscribe_url = models.CharField(max_length=300, blank=True)
    dedupe_key = models.CharField(max_length=160)
    message_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["address", "dedupe_key"], name="message_once_per_address"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="message_unsent",
                condition=Q(state__in=["waiting", "leased"]),
            ),
            models.Index(fields=["recipient", "-created_at"], name="message_inbox"),
            # What became of a mail is asked by its key, wherever it was sent.
            models.Index(fields=["dedupe_key"], name="message_key"),
            models.Index(fields=["recipient"], name="message_unread", condition=Q(read_at=None)),
        ]

    def __str__(self):
        return self.subject
