from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client


class ClientMark(models.Model):
    """A client about whom something changed since rules were last worked out for them.

    Marks are only ever added and deleted, never changed: a mark added while a sweep is at work has
    a row of its own that stays for the next one.
    """

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", db_index=False)
    marked_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("changed client")
        verbose_name_plural = _("changed clients")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.client_id} {self.marked_at:%Y-%m-%d %H:%M}"
