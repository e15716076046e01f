from django.db import models
from django.utils.translation import gettext_lazy as _

from clientgroups.models.group import ClientGroup


class GroupSize(models.Model):
    """How many clients a group had on a day, kept so that lists need not count memberships.

    Memberships stay the truth: the page of a group counts them. Written by the hourly task.
    """

    client_group = models.ForeignKey(
        ClientGroup, models.CASCADE, related_name="sizes", db_index=False
    )
    day = models.DateField(_("day"))
    n = models.PositiveIntegerField(_("clients"))

    class Meta:
        verbose_name = _("size of a client group")
        verbose_name_plural = _("sizes of client groups")
        ordering = ["client_group", "-day"]
        constraints = [
            models.UniqueConstraint(fields=["client_group", "day"], name="groupsize_once_a_day")
        ]

    def __str__(self):
        return f"{self.client_group_id} {self.day:%Y-%m-%d}: {self.n}"
