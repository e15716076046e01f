from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client
from core.formats import day


class LifecyclePolicy(models.Model):
    """The one row that says when a client counts as existing, loyal or lapsed."""

    window_months = models.PositiveSmallIntegerField(
        _("months that count"), default=12, validators=[MinValueValidator(1)]
    )
    loyal_purchases = models.PositiveSmallIntegerField(
        _("purchases in that time to become loyal"), default=4, validators=[MinValueValidator(1)]
    )
    stay_loyal_purchases = models.PositiveSmallIntegerField(
        _("purchases in that time to stay loyal"),
        default=2,
        validators=[MinValueValidator(1)],
        help_text=_("Lower than the number above, so that nobody flips back and forth."),
    )
    grace_days = models.PositiveSmallIntegerField(_("days of grace before lapsed"), default=30)
    # The day up to which the stages of all clients hold that follow the calendar. The nightly run
    # writes this and the clients that moved: a day in every row would rewrite the whole table.
    derived_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("lifecycle policy")
        verbose_name_plural = _("lifecycle policy")
        constraints = [
            models.CheckConstraint(
                name="lifecyclepolicy_hysteresis",
                condition=Q(stay_loyal_purchases__lte=F("loyal_purchases")),
                violation_error_message=_(
                    "Staying loyal cannot take more purchases than becoming loyal."
                ),
            ),
            models.CheckConstraint(name="lifecyclepolicy_one_row", condition=Q(id=1)),
        ]

    def __str__(self):
        return str(self._meta.verbose_name)


class LifecycleChange(models.Model):
    """A client's move from one stage to another: derived from purchases, or by hand.

    `reason` holds the words of a person. A derived move keeps what it was derived from instead,
    so that its explanation can be read in any language.
    """

    client = models.ForeignKey(Client, models.CASCADE, related_name="lifecycle_changes")
    before = models.CharField(_("from"), max_length=10, choices=Client.Stage)
    after = models.CharField(_("to"), max_length=10, choices=Client.Stage)
    as_of = models.DateField(_("as of"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    recent_purchases = models.PositiveIntegerField(null=True, blank=True, editable=False)
    last_purchase_on = models.DateField(null=True, blank=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # people are never deleted, and nobody asks for one person's moves
    )
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("lifecycle change")
        verbose_name_plural = _("lifecycle changes")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(name="lifecyclechange_moves", condition=~Q(before=F("after")))
        ]

    def __str__(self):
        return f"{self.client}: {self.before} → {self.after}"

    @property
    def explanation(self):
        """The words of a person, or what the purchases said on that day."""
        if self.reason:
            return self.reason
        if self.last_purchase_on is None:
            return gettext("No purchase up to that day.")
        found = {"n": self.recent_purchases or 0, "day": day(self.last_purchase_on)}
        if not found["n"]:
            return gettext("No purchase in the months that count; the last was on %(day)s.") % found
        return (
            ngettext(
                "Bought on %(n)s day of the months that count, the last time on %(day)s.",
                "Bought on %(n)s days of the months that count, the last time on %(day)s.",
                found["n"],
            )
            % found
        )
