from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client
from clientgroups.models.group import ClientGroup


class DateRange(Func):
    """daterange(valid_from, valid_to): the last day itself no longer belongs to it."""

    function = "daterange"
    output_field = DateRangeField()


class MembershipQuerySet(models.QuerySet):
    def on(self, day):
        """Rows valid on a day: from that day on or before, and not yet ended."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)

    def current(self):
        return self.filter(valid_to=None)


class Membership(models.Model):
    """A client in a group, from a day (inclusive) to a day (exclusive), and why.

    A client who left and came back has two rows that never overlap. An open row has no end.
    """

    client_group = models.ForeignKey(ClientGroup, models.CASCADE, related_name="memberships")
    client = models.ForeignKey(
        Client,
        models.CASCADE,
        related_name="memberships",
        db_index=False,  # membership_client begins with it
    )
    valid_from = models.DateField(_("from"), default=timezone.localdate)
    valid_to = models.DateField(_("until"), null=True, blank=True)
    began_because = models.CharField(_("began because"), max_length=200, blank=True)
    ended_because = models.CharField(_("ended because"), max_length=200, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["client__name", "-valid_from", "pk"]
        constraints = [
            models.CheckConstraint(
                name="membership_ends_after_start",
                condition=Q(valid_to=None) | Q(valid_to__gte=models.F("valid_from")),
                violation_error_message=_("A membership ends on or after the day it began."),
            ),
            ExclusionConstraint(
                name="membership_no_overlap",
                expressions=[
                    ("client_group", RangeOperators.EQUAL),
                    ("client", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The client is already in the group in that time."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["client_group", "client"],
                name="membership_current",
                condition=Q(valid_to=None),
            ),
            models.Index(fields=["client", "client_group"], name="membership_client"),
            # Rights are asked of it for each client: small, and answered without the table.
            models.Index(
                fields=["client", "client_group"],
                name="membership_client_now",
                condition=Q(valid_to=None),
            ),
        ]

    def __str__(self):
        return f"{self.client} · {self.client_group}"

    def role_of(self, user):
        return self.client_group.role_of(user)

    @property
    def why(self):
        """Why it began; the group's kind says so where nobody wrote a reason."""
        if self.began_because:
            return self.began_because
        by_rule = self.client_group.kind == ClientGroup.Kind.DYNAMIC
        return gettext("Matched the rule") if by_rule else gettext("Added by hand")

    @property
    def why_ended(self):
        """Why it ended, empty while it has not."""
        if self.valid_to is None or self.ended_because:
            return self.ended_because
        by_rule = self.client_group.kind == ClientGroup.Kind.DYNAMIC
        return gettext("No longer matched the rule") if by_rule else gettext("Taken out by hand")
