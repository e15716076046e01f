from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import RANK, Role
from clientgroups.models.group import GroupAccess
from clientgroups.models.tag import Tag
from core.search import search_field


class NameKey(Func):
    """What two spellings of a name share: no case, width, blanks, signs or legal form.

    The SQL function lives in clientgroups/migrations/0003_client_care.py.
    """

    function = "client_name_key"
    output_field = models.TextField()


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

    def active(self):
        """Not put away: neither archived nor merged into another client nor erased."""
        return self.filter(archived_at=None)


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
    # With defaults in the database: imports of purchases insert clients by SQL.
    website = models.CharField(_("website"), max_length=200, blank=True, default="", db_default="")
    industry = models.CharField(
        _("industry"), max_length=120, blank=True, default="", db_default=""
    )
    address = models.CharField(_("address"), max_length=300, blank=True, default="", db_default="")
    city = models.CharField(_("city"), max_length=120, blank=True, default="", db_default="")
    region = models.CharField(_("region"), max_length=120, blank=True, default="", db_default="")
    country = models.CharField(_("country"), max_length=120, blank=True, default="", db_default="")
    note = models.TextField(_("note"), max_length=4000, blank=True, default="", db_default="")
    tags = models.ManyToManyField(Tag, blank=True, related_name="clients", verbose_name=_("tags"))
    # {CustomField.key: value}, typed as the field says: text, number, ISO date, yes/no or choice.
    custom = models.JSONField(
        _("custom fields"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
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
    # Derived by the services of touches and health, for lists and rules; see their modules.
    last_touch_on = models.DateField(_("last touch"), null=True, blank=True, editable=False)
    engagement = models.FloatField(_("engagement"), null=True, blank=True, editable=False)
    health = models.PositiveSmallIntegerField(_("health"), null=True, blank=True, editable=False)
    health_as_of = models.DateField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A merged client stays, archived, so that the merge can be undone and old addresses lead on.
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="merged_from"
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    search = search_field("name", "external_id")
    name_key = models.GeneratedField(
        expression=NameKey(F("name")), output_field=models.TextField(), db_persist=True
    )

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
            ),
            models.CheckConstraint(
                name="client_merged_is_archived",
                condition=Q(merged_into=None) | Q(archived_at__isnull=False),
            ),
            models.CheckConstraint(
                name="client_health_0_to_100", condition=Q(health=None) | Q(health__lte=100)
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="client_search"),
            models.Index(fields=["name", "id"], name="client_name"),
            models.Index(fields=["owner", "name", "id"], name="client_owner_name"),
            models.Index(fields=["stage", "name"], name="client_stage_name"),
            GinIndex(fields=["name_key"], name="client_name_trigram", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["name_key"], name="client_name_key"),
            models.Index(fields=["country", "name"], name="client_country_name"),
            models.Index(
                fields=["health", "name"],
                name="client_health_name",
                condition=Q(health__isnull=False),
            ),
            models.Index(
                fields=["name", "id"],
                name="client_archived_name",
                condition=Q(archived_at__isnull=False),
            ),
            GinIndex(fields=["custom"], name="client_custom", opclasses=["jsonb_path_ops"]),
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
