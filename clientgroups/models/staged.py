from django.db import models


class StagedContact(models.Model):
    """A checked card or line of an uploaded address file, waiting for the person to confirm.

    `data` holds the clean values of the client ("client") and the contact ("contact").
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
