import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client, Contact
from feedback.models.survey import Question, Survey, SurveyVersion
from feedback.models.wave import Invitation, Wave


class Response(models.Model):
    """One filled survey. `responded_on` is the day that decides period and membership."""

    class Mode(models.TextChoices):
        WEB = "web", _("Web")
        PHONE = "phone", _("Phone interview")
        IMPORT = "import", _("Import")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="responses")
    version = models.ForeignKey(SurveyVersion, models.PROTECT, related_name="responses")
    wave = models.ForeignKey(Wave, models.PROTECT, null=True, blank=True, related_name="responses")
    invitation = models.OneToOneField(
        Invitation, models.SET_NULL, null=True, blank=True, related_name="response"
    )
    client = models.ForeignKey(Client, models.CASCADE, related_name="responses")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="responses"
    )
    mode = models.CharField(_("mode"), max_length=8, choices=Mode, default=Mode.WEB)
    language = models.CharField(_("language"), max_length=10, default="en")
    responded_on = models.DateField(_("answered on"))
    submitted_at = models.DateTimeField(_("submitted"))
    # Sent with the form: a double submission finds its own first one.
    submission_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        ordering = ["-submitted_at", "-pk"]
        indexes = [
            models.Index(fields=["survey", "-submitted_at"], name="response_survey_at"),
            models.Index(fields=["client", "responded_on"], name="response_client_day"),
        ]

    def __str__(self):
        return f"{self.client} {self.responded_on:%Y-%m-%d}"


class Answer(models.Model):
    """A given answer. A skipped question has no row. Day, client and scope stand here once more,

    so that a roll-up of a million answers reads one table.
    """

    response = models.ForeignKey(Response, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    metric = models.CharField(max_length=8, choices=Question.Kind)
    score = models.SmallIntegerField(_("score"), null=True, blank=True)
    text = models.TextField(_("text"), blank=True, max_length=5000)
    client = models.ForeignKey(Client, models.CASCADE, related_name="+")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+")
    wave = models.ForeignKey(Wave, models.PROTECT, null=True, blank=True, related_name="+")
    responded_on = models.DateField()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["question__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["response", "question"], name="answer_once"),
            models.CheckConstraint(
                name="answer_score_on_its_scale",
                # NULL passes a check that says nothing of it: a skipped question has no row.
                condition=Q(metric="nps", score__isnull=False, score__range=(0, 10))
                | Q(metric="csat", score__isnull=False, score__range=(1, 5))
                | Q(metric="ces", score__isnull=False, score__range=(1, 7))
                | Q(metric="text", score=None) & ~Q(text=""),
                violation_error_message=_("The answer lies outside the scale of the question."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["metric", "responded_on", "client", "-id"],
                name="answer_rollup",
                include=["score", "survey", "wave"],
                condition=Q(score__isnull=False),
            ),
            models.Index(
                fields=["client", "metric", "responded_on"],
                name="answer_client_metric",
                condition=Q(score__isnull=False),
            ),
            models.Index(
                fields=["survey", "metric", "responded_on"],
                name="answer_survey_metric",
                condition=Q(score__isnull=False),
            ),
        ]

    def __str__(self):
        return self.text[:80] if self.score is None else f"{self.metric}: {self.score}"
