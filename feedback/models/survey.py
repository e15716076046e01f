from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clientgroups.models import ClientGroup, GroupAccess
from core.search import search_field
from projects.models import Project


class SurveyQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Surveys of groups in which the person holds a role, and of projects they can see."""
        if user.sees_everything:
            return self
        return self.filter(
            Q(client_group__in=GroupAccess.objects.filter(user=user).values("client_group"))
            | Q(project__in=Project.objects.visible_to(user))
        )


class Survey(models.Model):
    """Questions for the clients of one group, in one or two languages."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    client_group = models.ForeignKey(
        ClientGroup, models.PROTECT, related_name="surveys", verbose_name=_("client group")
    )
    project = models.ForeignKey(
        Project,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="surveys",
        verbose_name=_("project"),
    )
    name = models.CharField(_("name"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    title_zh = models.CharField(_("title (Chinese)"), max_length=200, blank=True)
    intro_en = models.TextField(_("introduction (English)"), blank=True, max_length=2000)
    intro_zh = models.TextField(_("introduction (Chinese)"), blank=True, max_length=2000)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    search = search_field("name", "title_en", "title_zh")

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ["-created_at", "-pk"]
        indexes = [GinIndex(fields=["search"], name="survey_search")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("feedback:survey_detail", args=[self.pk])

    def role_of(self, user):
        role = self.client_group.role_of(user)
        return role or (self.project.role_of(user) if self.project else None)


class SurveyVersion(models.Model):
    """The wording of a survey at one time; frozen by the first answer, so old answers keep it."""

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    frozen_at = models.DateTimeField(_("frozen"), null=True, blank=True)

    class Meta:
        verbose_name = _("survey version")
        verbose_name_plural = _("survey versions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "number"], name="surveyversion_number_once")
        ]

    def __str__(self):
        return f"{self.survey} v{self.number}"


class Question(models.Model):
    """One question of a version, worded in one or both languages."""

    class Kind(models.TextChoices):
        NPS = "nps", _("Recommendation, 0 to 10 (NPS)")
        CSAT = "csat", _("Satisfaction, 1 to 5 (CSAT)")
        CES = "ces", _("Effort, 1 to 7 (CES)")
        TEXT = "text", _("Comment")

    SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}

    version = models.ForeignKey(SurveyVersion, models.CASCADE, related_name="questions")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    text_en = models.CharField(_("question (English)"), max_length=500, blank=True)
    text_zh = models.CharField(_("question (Chinese)"), max_length=500, blank=True)
    is_required = models.BooleanField(_("required"), default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="question_is_worded",
                condition=~Q(text_en="") | ~Q(text_zh=""),
                violation_error_message=_("Word the question in at least one language."),
            )
        ]

    def __str__(self):
        return self.text

    @property
    def text(self):
        """The wording in the active language, or the other when this one is empty."""
        chinese = (get_language() or "").startswith("zh")
        return (self.text_zh or self.text_en) if chinese else (self.text_en or self.text_zh)

    @property
    def scale(self):
        """(lowest, highest) of a scored question; None for a comment."""
        return self.SCALES.get(self.kind)
