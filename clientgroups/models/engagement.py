from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client

# A weight of an event, and of a driver of health.
POINTS = [MinValueValidator(0), MaxValueValidator(100)]


def _weight(label, default):
    return models.FloatField(label, default=default, validators=POINTS)


def _share(label, default):
    return models.PositiveSmallIntegerField(label, default=default, validators=POINTS)


class EngagementPolicy(models.Model):
    """The one row that says what each event is worth and how fast it fades.

    A client's engagement is the sum of weight · 0.5^(age in days / half-life) over everything that
    happened between them and us; see services.engagement. A weight of zero leaves a kind out.
    """

    half_life_days = models.PositiveSmallIntegerField(
        _("days until an event counts half"),
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    full_at = models.FloatField(
        _("engagement that counts as full"),
        default=15,
        validators=[MinValueValidator(0.1)],
        help_text=_("Health gives all points for engagement from this figure on."),
    )
    call = _weight(_("call"), 3)
    visit = _weight(_("visit"), 6)
    email = _weight(_("e-mail"), 1)
    chat = _weight(_("chat"), 1)
    meeting = _weight(_("meeting"), 5)
    accepted = _weight(_("invitation accepted"), 1)
    attended = _weight(_("activity attended"), 5)
    survey = _weight(_("survey answered"), 3)
    request = _weight(_("service request"), 2)
    purchase = _weight(_("purchase"), 4)

    class Meta:
        verbose_name = _("engagement policy")
        verbose_name_plural = _("engagement policy")
        constraints = [
            models.CheckConstraint(name="engagementpolicy_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="engagementpolicy_fades", condition=Q(half_life_days__gte=1, full_at__gt=0)
            ),
        ]

    def __str__(self):
        return str(self._meta.verbose_name)


class HealthPolicy(models.Model):
    """The one row that says how much each driver weighs, where bands begin, and what silence is.

    A driver that has nothing to say about a client leaves the denominator.
    """

    recency = _share(_("time since the last purchase"), 20)
    trend = _share(_("purchases now and before"), 15)
    engagement = _share(_("engagement"), 20)
    touch = _share(_("touch plan"), 10)
    requests = _share(_("open service requests"), 10)
    rating = _share(_("last rating of a request"), 10)
    survey = _share(_("survey answers"), 20)
    stage = _share(_("lifecycle stage"), 5)
    good_from = models.PositiveSmallIntegerField(_("good from"), default=70, validators=POINTS)
    watch_from = models.PositiveSmallIntegerField(_("to watch from"), default=40, validators=POINTS)
    silent_after = models.FloatField(
        _("silent after so many usual pauses"), default=2.5, validators=[MinValueValidator(1)]
    )
    silent_days = models.PositiveSmallIntegerField(
        _("silent after days, at the earliest"), default=30, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("health policy")
        verbose_name_plural = _("health policy")
        constraints = [
            models.CheckConstraint(name="healthpolicy_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="healthpolicy_bands_in_order",
                condition=Q(watch_from__lt=F("good_from"), good_from__lte=100),
                violation_error_message=_("“To watch” begins below “good”."),
            ),
        ]

    def __str__(self):
        return str(self._meta.verbose_name)


class ClientSilence(models.Model):
    """A client who has been quiet for much longer than their own habit.

    The row is there only while the silence lasts: the next sign of life takes it away.
    """

    client = models.OneToOneField(Client, models.CASCADE, related_name="silence")
    last_on = models.DateField(_("last sign of life"))
    usual_days = models.FloatField(_("usual pause in days"))
    since = models.DateField(_("silent since"))

    class Meta:
        verbose_name = _("silent client")
        verbose_name_plural = _("silent clients")
        ordering = ["-since", "client"]
        constraints = [
            models.CheckConstraint(
                name="clientsilence_after_last", condition=Q(since__gt=F("last_on"))
            )
        ]
        indexes = [models.Index(fields=["since"], name="clientsilence_since")]

    def __str__(self):
        return f"{self.client_id}: {self.last_on:%Y-%m-%d}"
