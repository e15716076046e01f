import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role
from clientgroups.models import ClientGroup
from core.files.refusal import say
from projects.models import Project

# States in which a worker has something to do.
WORKING = ["reading", "checking", "applying", "undoing"]


class ImportRunQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A person's own runs; administrators see all. A file may hold what others must not see."""
        if user.sees_everything:
            return self
        return self.filter(created_by=user)

    def unfinished(self):
        return self.filter(state__in=WORKING)


class ImportRun(models.Model):
    """One uploaded file on its way into the product.

    (reading, when large) → uploaded → (mapping confirmed) checking → checked → (confirmed) applying
    → applied → undoing → undone, or failed with a sentence in `summary["problem"]`. `batch` marks
    every row the run creates. `problem` keeps the sentence in English for the administration.
    """

    class Kind(models.TextChoices):
        PURCHASES = "purchases", _("Purchases")
        TRELLO = "trello", _("Trello board")
        CONTACTS = "contacts", _("Clients and contacts")

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        UPLOADED = "uploaded", _("Waiting for the mapping")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Waiting for your decision")
        APPLYING = "applying", _("Being imported")
        APPLIED = "applied", _("Imported")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        FAILED = "failed", _("Failed")

    batch = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UPLOADED)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="import_runs"
    )
    project = models.ForeignKey(
        Project, models.CASCADE, null=True, blank=True, related_name="import_runs"
    )
    client_group = models.ForeignKey(
        ClientGroup, models.CASCADE, null=True, blank=True, related_name="import_runs"
    )
    file = models.FileField(upload_to="imports/%Y/%m", blank=True)
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    # What sniffing found (encoding, delimiter, header, sample) and what the person chose.
    shape = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    # A worker that takes the run holds it until then; a dead worker's run is taken over.
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["created_by", "-created_at"], name="importrun_mine"),
            models.Index(
                fields=["leased_until"],
                name="importrun_unfinished",
                condition=Q(state__in=WORKING),
            ),
        ]

    def __str__(self):
        return self.file_name

    def get_absolute_url(self):
        return reverse("imports:run_detail", args=[self.pk])

    def role_of(self, user):
        """Lead for its creator, as long as the right to import this kind has not been withdrawn."""
        if self.created_by_id != user.pk:
            return None
        if self.project_id is None:
            return Role.LEAD if user.is_manager else None
        return self.project.role_of(user)

    @property
    def is_working(self):
        return self.state in WORKING

    @property
    def problem_text(self):
        """Why the import failed, in the reader's language."""
        found = self.summary.get("problem")
        return say(found["message"], found["params"]) if found else self.problem

    @property
    def undo_refused_text(self):
        found = self.summary.get("undo_refused")
        return say(found["message"], found["params"]) if found else ""


class ImportIssue(models.Model):
    """A sentence about one line or key of the file: an error (left out) or a note."""

    class Severity(models.TextChoices):
        ERROR = "error", _("Left out")
        WARNING = "warning", _("Note")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="issues")
    severity = models.CharField(max_length=8, choices=Severity)
    place = models.CharField(_("where"), max_length=120)
    line = models.PositiveIntegerField(null=True, blank=True)
    value = models.CharField(_("found"), max_length=200, blank=True)
    # The sentence in English with its parameters; shown in the reader's language.
    message = models.CharField(max_length=300)
    params = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("import issue")
        verbose_name_plural = _("import issues")
        ordering = ["line", "pk"]
        indexes = [models.Index(fields=["run", "severity", "line", "id"], name="importissue_list")]

    def __str__(self):
        return say(self.message, self.params)


class RememberedMapping(models.Model):
    """Which column meant what the last time a person imported a file with these headings."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=ImportRun.Kind)
    # Digest of the headings in their order.
    headings = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    used_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("remembered mapping")
        verbose_name_plural = _("remembered mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "headings"], name="rememberedmapping_once"
            )
        ]

    def __str__(self):
        return f"{self.user} · {self.kind}"
