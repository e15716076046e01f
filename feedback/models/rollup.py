import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# `period_start` of the one period that has no start.
ALL_TIME = dt.date(1970, 1, 1)


class Scope(models.TextChoices):
    GROUP = "group", _("Client group")
    PROJECT = "project", _("Project")
    SURVEY = "survey", _("Survey")
    WAVE = "wave", _("Wave")


class Metric(models.TextChoices):
    NPS = "nps", _("NPS")
    CSAT = "csat", _("CSAT")
    CES = "ces", _("CES")


class PeriodKind(models.TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    ALL = "all", _("All time")


class SatisfactionRollup(models.Model):
    """The score of one scope, metric and period: one observation per client, the latest.

    `score` is NPS (-100 to 100), the share of 4 and 5 in per cent for CSAT, or the mean for CES.
    `low` and `high` bound the 95 % interval (adjusted Wald, Wilson, t). `counts` holds the number
    of answers per scale point as a list from the lowest point up. Only `scoring.py` writes rows.
    """

    scope = models.CharField(max_length=8, choices=Scope)
    scope_id = models.BigIntegerField()
    metric = models.CharField(max_length=8, choices=Metric)
    period_kind = models.CharField(max_length=8, choices=PeriodKind)
    period_start = models.DateField()
    n = models.PositiveIntegerField(_("clients that answered"))
    answers = models.PositiveIntegerField(_("answers"))
    counts = models.JSONField(default=list)
    mean = models.FloatField()
    score = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    invited = models.PositiveIntegerField(null=True)
    responded = models.PositiveIntegerField(null=True)
    computed_at = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering = ["scope", "scope_id", "metric", "period_kind", "-period_start"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "scope_id", "metric", "period_kind", "period_start"],
                name="satisfactionrollup_once",
            ),
            models.CheckConstraint(name="satisfactionrollup_not_empty", condition=Q(n__gt=0)),
        ]

    def __str__(self):
        return f"{self.scope} {self.scope_id} {self.metric} {self.period_start:%Y-%m-%d}"


class StaleScore(models.Model):
    """A mark that scores of one scope, metric and month no longer tell the truth.

    The sweep recomputes the month, its quarter and all time; without a month, every period. Marks
    are only ever added and deleted, never changed: those who answer at the same moment do not wait
    for each other, and a mark added while a sweep is at work has a row of its own that stays.
    """

    scope = models.CharField(max_length=8, choices=Scope)
    scope_id = models.BigIntegerField()
    metric = models.CharField(max_length=8, choices=Metric)
    month = models.DateField(null=True)
    marked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("score to recompute")
        verbose_name_plural = _("scores to recompute")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="stalescore_month_starts",
                condition=Q(month=None) | Q(month__day=1),
            )
        ]

    def __str__(self):
        return f"{self.scope} {self.scope_id} {self.metric} {self.month or '*'}"
