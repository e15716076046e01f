from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SentForm(models.Model):
    """A form that a person has sent, and the row it made: sent again, it finds that row.

    Stored in the transaction of the row, so neither is there without the other. No foreign key
    to the row: deleting it is no reason to keep or to refuse anything here.
    """

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person")
    )
    key = models.UUIDField(_("key"))
    target_type = models.CharField(_("kind of row"), max_length=60, blank=True)
    target_id = models.CharField(_("number of the row"), max_length=40, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("sent form")
        verbose_name_plural = _("sent forms")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["at"], name="sentform_at")]
        constraints = [
            models.UniqueConstraint(fields=["actor", "key"], name="sentform_once"),
        ]

    def __str__(self):
        return f"{self.target_type} {self.target_id}".strip() or str(self.key)
