from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Tag(models.Model):
    """A word that people put on clients; shared by the whole installation."""

    name = models.CharField(_("name"), max_length=40)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="tag_name_once",
                violation_error_message=_("A tag with this name exists already."),
            )
        ]

    def __str__(self):
        return self.name


class CustomField(models.Model):
    """A typed field that this installation keeps about each client, beside the built-in ones."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("One of a list")

    key = models.SlugField(_("key"), max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=80)
    label_zh = models.CharField(_("label in Chinese"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.TEXT)
    # For the kind "choice": a list of texts.
    choices = models.JSONField(_("values on offer"), default=list, blank=True)
    help_text = models.CharField(_("hint"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["position", "label", "pk"]

    def __str__(self):
        return self.title

    @property
    def title(self):
        """The label in the reader's language."""
        chinese = (get_language() or "").startswith("zh")
        return self.label_zh if chinese and self.label_zh else self.label
