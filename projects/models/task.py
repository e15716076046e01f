from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.search import search_field
from projects.models.goal import Goal
from projects.models.project import Project


class BoardColumn(models.Model):
    """A list of the board. Its category says what standing there means for progress."""

    class Category(models.TextChoices):
        TODO = "todo", _("To do")
        DOING = "doing", _("In progress")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    project = models.ForeignKey(Project, models.CASCADE, related_name="columns")
    name = models.CharField(_("name"), max_length=120)
    category = models.CharField(_("category"), max_length=10, choices=Category)
    position = models.PositiveIntegerField(_("position"), default=0)
    wip_limit = models.PositiveSmallIntegerField(_("limit"), null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True, editable=False)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("column")
        verbose_name_plural = _("columns")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"],
                name="boardcolumn_external_once",
                condition=~Q(external_id=""),
            )
        ]

    def __str__(self):
        return self.name

    def role_of(self, user):
        return self.project.role_of(user)


class Label(models.Model):
    """A coloured word on tasks of one project."""

    class Colour(models.TextChoices):
        TEAL = "teal", _("Teal")
        BLUE = "blue", _("Blue")
        VIOLET = "violet", _("Violet")
        AMBER = "amber", _("Amber")
        RED = "red", _("Red")
        GREY = "grey", _("Grey")

    project = models.ForeignKey(Project, models.CASCADE, related_name="labels")
    name = models.CharField(_("name"), max_length=60)
    colour = models.CharField(_("colour"), max_length=8, choices=Colour, default=Colour.GREY)
    external_id = models.CharField(max_length=120, blank=True, editable=False)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "colour"],
                name="label_once",
                violation_error_message=_("The project already has this label."),
            )
        ]

    def __str__(self):
        return self.name

    def role_of(self, user):
        return self.project.role_of(user)


class TaskQuerySet(models.QuerySet):
    def visible_to(self, user):
        if user.sees_everything:
            return self
        return self.filter(project__in=Project.objects.visible_to(user))

    def live(self):
        return self.filter(archived_at=None)

    def open(self):
        """Neither done nor cancelled, and not archived."""
        return self.live().filter(column__category__in=["todo", "doing"])

    def due_on_or_before(self, day):
        return self.open().filter(due_on__lte=day)


class Task(models.Model):
    """A piece of work. `version` grows with each change, so that nobody overwrites unseen."""

    class Priority(models.IntegerChoices):
        LOW = 1, _("Low")
        NORMAL = 2, _("Normal")
        HIGH = 3, _("High")
        URGENT = 4, _("Urgent")

    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    number = models.PositiveIntegerField(_("number"), editable=False)
    column = models.ForeignKey(
        BoardColumn, models.PROTECT, related_name="tasks", verbose_name=_("column")
    )
    position = models.BigIntegerField(default=0, editable=False)
    title = models.CharField(_("title"), max_length=300)
    description = models.TextField(_("description"), blank=True, max_length=50000)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority, default=Priority.NORMAL
    )
    is_critical = models.BooleanField(_("critical"), default=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_tasks",
        verbose_name=_("assignee"),
    )
    labels = models.ManyToManyField(
        Label, blank=True, related_name="tasks", verbose_name=_("labels")
    )
    goal = models.ForeignKey(
        Goal, models.SET_NULL, null=True, blank=True, related_name="tasks", verbose_name=_("goal")
    )
    estimate_hours = models.DecimalField(
        _("estimate in hours"), max_digits=7, decimal_places=2, null=True, blank=True
    )
    progress = models.PositiveSmallIntegerField(
        _("progress in %"), default=0, validators=[MaxValueValidator(100)]
    )
    start_on = models.DateField(_("start"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    completed_at = models.DateTimeField(_("done at"), null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    external_id = models.CharField(max_length=120, blank=True, editable=False)
    external_url = models.URLField(max_length=300, blank=True, editable=False)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    search = search_field("title", "description")

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="task_number_once"),
            models.UniqueConstraint(
                fields=["project", "external_id"],
                name="task_external_once",
                condition=~Q(external_id=""),
            ),
            models.CheckConstraint(
                name="task_due_after_start",
                condition=Q(start_on=None) | Q(due_on=None) | Q(due_on__gte=F("start_on")),
                violation_error_message=_("The due date lies before the start."),
            ),
            models.CheckConstraint(
                name="task_progress_percent",
                condition=Q(progress__lte=100),
                violation_error_message=_("Progress lies between 0 and 100 %."),
            ),
            models.CheckConstraint(
                name="task_estimate_not_negative",
                condition=Q(estimate_hours=None) | Q(estimate_hours__gte=0),
                violation_error_message=_("An estimate cannot be negative."),
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="task_search"),
            models.Index(
                fields=["project", "column", "position"],
                name="task_board",
                condition=Q(archived_at=None),
            ),
            models.Index(
                fields=["project", "due_on", "id"],
                name="task_project_due",
                condition=Q(archived_at=None),
            ),
            models.Index(
                fields=["assignee", "due_on"],
                name="task_assignee_due",
                condition=Q(archived_at=None),
            ),
            models.Index(
                fields=["due_on"], name="task_due", condition=Q(archived_at=None, completed_at=None)
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("projects:task_detail", args=[self.project_id, self.number])

    @property
    def key(self):
        return f"{self.project.key}-{self.number}"

    def role_of(self, user):
        return self.project.role_of(user)


class ChecklistItem(models.Model):
    """A step inside a task; items with the same checklist name stand together."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="checklist_items")
    checklist = models.CharField(_("checklist"), max_length=200, blank=True)
    checklist_position = models.PositiveIntegerField(default=0, editable=False)
    text = models.CharField(_("step"), max_length=1000)
    is_done = models.BooleanField(_("done"), default=False)
    position = models.PositiveIntegerField(default=0, editable=False)
    due_on = models.DateField(_("due"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    external_id = models.CharField(max_length=120, blank=True, editable=False)

    class Meta:
        verbose_name = _("checklist item")
        verbose_name_plural = _("checklist items")
        ordering = ["checklist_position", "checklist", "position", "pk"]

    def __str__(self):
        return self.text


class Comment(models.Model):
    """What someone said about a task. An imported author without an account keeps the name."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    author_name = models.CharField(max_length=120)
    body = models.TextField(_("comment"), max_length=20000)
    is_client_visible = models.BooleanField(_("the client may read this"), default=False)
    created_at = models.DateTimeField(editable=False)
    external_id = models.CharField(max_length=120, blank=True, editable=False)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["task", "created_at"], name="comment_task_at")]

    def __str__(self):
        return self.body[:80]


class Attachment(models.Model):
    """A link to a file elsewhere; nothing is fetched."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="attachments")
    name = models.CharField(_("name"), max_length=300)
    url = models.URLField(_("address"), max_length=2000)
    size = models.BigIntegerField(null=True, blank=True)
    added_at = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True, editable=False)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self):
        return self.name
