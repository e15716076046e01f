from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client


class ClientMerge(models.Model):
    """One client taken into another, with everything needed to take it apart again.

    `moved` is the journal of the rows that changed hands, see services.merge_journal; `before`
    holds the fields of both clients as they stood, and of the kept one right after.
    """

    kept = models.ForeignKey(Client, models.CASCADE, related_name="merges")
    gone = models.ForeignKey(Client, models.CASCADE, related_name="+")
    moved = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("merge of clients")
        verbose_name_plural = _("merges of clients")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="clientmerge_two_clients",
                condition=~Q(kept=F("gone")),
                violation_error_message=_("Choose two different clients."),
            ),
            models.UniqueConstraint(
                fields=["gone"], name="clientmerge_once", condition=Q(undone_at=None)
            ),
        ]

    def __str__(self):
        return f"{self.gone} → {self.kept}"


class NotDuplicate(models.Model):
    """Two clients that look alike and are not the same, as a person said; `first` < `second`."""

    first = models.ForeignKey(Client, models.CASCADE, related_name="+")
    second = models.ForeignKey(Client, models.CASCADE, related_name="+")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("pair that is no duplicate")
        verbose_name_plural = _("pairs that are no duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="notduplicate_once"),
            models.CheckConstraint(
                name="notduplicate_in_order", condition=Q(first__lt=F("second"))
            ),
        ]

    def __str__(self):
        return f"{self.first_id} ≠ {self.second_id}"
