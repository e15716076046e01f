from django.db import models
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client
from clientgroups.models.contact import Contact


class StagedContact(models.Model):
    """A checked card or line of an uploaded address file, waiting for the person to confirm.

    `data` holds the clean values of the client ("client") and the contact ("contact"). The keys
    are what the file calls them, so that another line or a later file can refer to them.
    """

    batch = models.UUIDField()
    line = models.PositiveIntegerField()
    client_key = models.CharField(max_length=200)
    contact_key = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["batch", "line"], name="stagedcontact_batch")]

    def __str__(self):
        return f"{self.batch}:{self.line}"


class ImportedRow(models.Model):
    """What an import did to one client, or to one contact of it, so that it can be taken back.

    `before` and `after` hold the fields that were changed; both are empty for a row that was found
    as the file has it. `ref` is what the file calls the client, for files that refer to it.
    """

    batch = models.UUIDField()
    client = models.ForeignKey(Client, models.CASCADE, related_name="imported_rows")
    contact = models.ForeignKey(
        Contact, models.CASCADE, null=True, blank=True, related_name="imported_rows"
    )
    ref = models.CharField(max_length=200, blank=True)
    created = models.BooleanField(_("created"), default=False)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        indexes = [models.Index(fields=["batch", "ref"], name="importedrow_batch")]

    def __str__(self):
        return f"{self.batch}:{self.client_id}"
