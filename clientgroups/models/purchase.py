from django.db import models
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client


class Purchase(models.Model):
    """What a client bought. A negative amount is a refund and never counts as a purchase."""

    # Both indexes below begin with the client; a third would only slow imports down.
    client = models.ForeignKey(Client, models.CASCADE, related_name="purchases", db_index=False)
    bought_on = models.DateField(_("date"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    quantity = models.DecimalField(
        _("quantity"), max_digits=12, decimal_places=3, null=True, blank=True
    )
    product = models.CharField(_("product"), max_length=200, blank=True)
    # The file's own number, or a digest of the row and its repetition: importing twice adds none.
    external_id = models.CharField(_("purchase number"), max_length=120)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ["-bought_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "external_id"],
                name="purchase_once",
                violation_error_message=_("This purchase was recorded already."),
            )
        ]
        indexes = [models.Index(fields=["client", "-bought_on"], name="purchase_client_date")]

    def __str__(self):
        return f"{self.client} {self.bought_on:%Y-%m-%d} {self.amount} {self.currency}"


class StagedPurchase(models.Model):
    """A checked line of an uploaded file, waiting for the person to confirm the import."""

    batch = models.UUIDField()
    line = models.PositiveIntegerField()
    client_external_id = models.CharField(max_length=80)
    client_name = models.CharField(max_length=200, blank=True)
    bought_on = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    quantity = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    product = models.CharField(max_length=200, blank=True)
    external_id = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["batch", "line"], name="stagedpurchase_batch")]

    def __str__(self):
        return f"{self.batch}:{self.line}"
