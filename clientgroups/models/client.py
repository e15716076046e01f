from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import RANK, Role
from clientgroups.models.group import GroupAccess
from core.search import search_field


class ClientQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Clients the person owns, and today's members of groups in which they hold a role."""
        if user.sees_everything:
            return self
        groups = GroupAccess.objects.filter(user=user).values("client_group")
        memberships = self.model._meta.get_field("memberships").related_model
        member = memberships.objects.current().filter(
            client=OuterRef("pk"), client_group__in=groups
        )
        return self.filter(Q(owner=user) | Exists(member))

    def editable_by(self, user):
        """Clients the person owns, and today's members of groups they lead."""
        if user.sees_everything:
            return self
        groups = GroupAccess.objects.filter(user=user, role=Role.LEAD).values("client_group")
        memberships = self.model._meta.get_field("memberships").related_model
        member = memberships.objects.current().filter(
            client=OuterRef("pk"), client_group__in=groups
        )
        return self.filter(Q(owner=user) | Exists(member))


class Client(models.Model):
    """An organisation or a person that the team works for."""

    class Kind(models.TextChoices):
        ORGANISATION = "organisation", _("Organisation")
        PERSON = "person", _("Person")

    class Stage(models.TextChoices):
        POTENTIAL = "potential", _("Potential")
        EXISTING = "existing", _("Existing")
        LOYAL = "loyal", _("Loyal")
        LAPSED = "lapsed", _("Lapsed")

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.ORGANISATION)
    external_id = models.CharField(
        _("customer number"),
        max_length=80,
        null=True,  # noqa: DJ001 - NULLs are distinct, so clients without a number do not clash
        blank=True,
        unique=True,
        error_messages={"unique": _("Another client already has this customer number.")},
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="owned_clients",
        verbose_name=_("owner"),
        db_index=False,  # client_owner_name begins with it
    )
    stage = models.CharField(
        _("lifecycle stage"), max_length=10, choices=Stage, default=Stage.POTENTIAL
    )
    stage_as_of = models.DateField(_("stage as of"), null=True, blank=True)
    # A history imported "as of" a past day keeps the stages of that day; see services.purchases.
    stage_follows_today = models.BooleanField(_("stage follows the calendar"), default=True)
    stage_fixed_until = models.DateField(_("set by hand until"), null=True, blank=True)
    stage_reason = models.CharField(_("reason"), max_length=300, blank=True)
    # Derived from purchases in the transaction that writes them, so that lists need no join.
    purchase_count = models.PositiveIntegerField(_("purchases"), default=0, editable=False)
    first_purchase_on = models.DateField(_("first purchase"), null=True, blank=True, editable=False)
    last_purchase_on = models.DateField(_("last purchase"), null=True, blank=True, editable=False)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    search = search_field("name", "external_id")

    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="client_fixed_stage_has_reason",
                condition=Q(stage_fixed_until=None) | ~Q(stage_reason=""),
                violation_error_message=_("A stage set by hand needs a reason."),
            )
        ]
        indexes = [
            GinIndex(fields=["search"], name="client_search"),
            models.Index(fields=["name", "id"], name="client_name"),
            models.Index(fields=["owner", "name", "id"], name="client_owner_name"),
            models.Index(fields=["stage", "name"], name="client_stage_name"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("clientgroups:client_detail", args=[self.pk])

    def role_of(self, user):
        """The strongest role in a group the client is in today; its owner acts as lead."""
        cache = self.__dict__.setdefault("_roles", {})
        if user.pk not in cache:
            if self.owner_id == user.pk:
                cache[user.pk] = Role.LEAD
            else:
                groups = self.memberships.current().values("client_group")
                roles = GroupAccess.objects.filter(user=user, client_group__in=groups)
                found = roles.values_list("role", flat=True)
                cache[user.pk] = max(found, key=RANK.__getitem__, default=None)
        return cache[user.pk]


class ContactQuerySet(models.QuerySet):
    def askable(self):
        """Contacts who may be sent a survey: an address and no objection."""
        return self.exclude(email="").filter(email_consent=True, is_active=True)


class Contact(models.Model):
    """A person at a client."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=[("en", "English"), ("zh-hans", "简体中文")],
        default="en",
    )
    email_consent = models.BooleanField(_("agrees to e-mail"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "client",
                Lower("email"),
                name="contact_email_once_per_client",
                condition=~Q(email=""),
                violation_error_message=_("This client already has a contact with this e-mail."),
            )
        ]

    def __str__(self):
        return self.name

    def role_of(self, user):
        return self.client.role_of(user)
