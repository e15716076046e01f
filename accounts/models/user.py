from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager.from_queryset(models.QuerySet)):
    use_in_migrations = True

    def get_by_natural_key(self, username):
        return self.get(email__iexact=username)

    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.model.normalize_username(email), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        fields |= {"is_staff": True, "is_superuser": True, "role": User.Role.ADMIN}
        return self.create_user(email, password, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail. What they may do in a group or project stands there."""

    class Role(models.TextChoices):
        ADMIN = "admin", _("Administrator")
        MANAGER = "manager", _("Project manager")
        STAFF = "staff", _("Team member")

    class Theme(models.TextChoices):
        SYSTEM = "system", _("Like the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(
        _("e-mail"),
        unique=True,
        error_messages={"unique": _("Another person already signs in with this e-mail.")},
    )
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.STAFF)
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=[("en", "English"), ("zh-hans", "简体中文")],
        default="en",
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch off instead of deleting a person.")
    )
    is_staff = models.BooleanField(
        _("may open the administration"), default=False, help_text=_("For administrators only.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    # What `visible_to` reads of a person besides the key; see core.prepared.
    PREPARED_BY = ("is_superuser", "role")
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("Another person already signs in with this e-mail."),
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="user_email_lower",
                violation_error_message=_("Write the e-mail in small letters."),
            ),
        ]

    def __str__(self):
        return self.name or self.email

    def clean(self):
        super().clean()
        if str(self.zone) != self.time_zone:
            raise ValidationError(
                {"time_zone": _("Choose a time zone from the list, for example Asia/Shanghai.")}
            )

    @property
    def sees_everything(self):
        return self.is_superuser or self.role == self.Role.ADMIN

    @property
    def is_manager(self):
        return self.sees_everything or self.role == self.Role.MANAGER

    @property
    def zone(self):
        """The person's time zone; UTC when the machine no longer knows its name."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def get_session_auth_hash(self):
        """Sessions end with the password, as everywhere in Django, and here with the role too."""
        return f"{self.role}:{super().get_session_auth_hash()}"

    def get_session_auth_fallback_hash(self):
        for fallback in super().get_session_auth_fallback_hash():
            yield f"{self.role}:{fallback}"

    @classmethod
    def normalize_username(cls, username):
        """Addresses are kept in small letters: sign-in compares them so."""
        return username.strip().lower()

    def get_full_name(self):
        return str(self)

    def get_short_name(self):
        return str(self)
