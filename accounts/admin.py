from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters

from accounts import services
from accounts.models import AuditEvent, JobRun, SentForm, User

# Owned by allauth or unused here: people manage their sessions and second factor themselves.
admin.site.unregister([Authenticator, EmailAddress, Group, UserSession])


class ReadOnly:
    """Rows that only the product writes."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "email", "role", "is_active", "is_staff", "language", "time_zone"]

    def clean(self):
        cleaned = super().clean()
        services.check_last_administrator(
            person=self.instance, role=cleaned.get("role"), is_active=cleaned.get("is_active")
        )
        return cleaned


class NewPersonForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["name", "email", "role", "language", "time_zone"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["usable_password"]
        field.label = _("Password")
        field.choices = [
            ("true", _("I choose it now")),
            ("false", _("They choose it themselves by “Forgot your password?”")),
        ]
        field.help_text = ""


@admin.register(User)
class PersonAdmin(UserAdmin):
    form = PersonForm
    add_form = NewPersonForm
    list_display = ["name", "email", "role", "is_active", "is_staff", "last_login"]
    list_filter = ["role", "is_active", "language"]
    search_fields = ["name", "email"]
    ordering = ["name", "pk"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["name", "email", "language", "time_zone"]}),
        (_("Access"), {"fields": ["role", "is_active", "is_staff"]}),
        (_("Sign-in"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["name", "email", "role", "language", "time_zone"]}),
        (_("Sign-in"), {"fields": ["usable_password", "password1", "password2"]}),
    ]
    actions = ["end_their_sessions", "remove_their_second_factor"]

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        changed = [name for name in form.changed_data if name in services.PERSON]
        if change:
            fields = {name: form.cleaned_data[name] for name in changed}
            services.update_person(person=obj, actor=request.user, **fields)
            return
        fields = {name: form.cleaned_data[name] for name in NewPersonForm.Meta.fields}
        if form.cleaned_data["set_usable_password"]:
            fields["password"] = form.cleaned_data["password1"]
        obj.pk = services.create_person(actor=request.user, **fields).pk

    @method_decorator(sensitive_post_parameters())
    def user_change_password(self, request, id, form_url=""):
        person = self.get_object(request, unquote(id))
        response = super().user_change_password(request, id, form_url)
        if person and services.password_differs(person=person):
            services.follow_password_change(
                person=person, actor=request.user, keep=request.session.session_key
            )
        return response

    @admin.action(description=_("Sign out everywhere"))
    def end_their_sessions(self, request, people):
        ended = sum(services.end_sessions(user=each, actor=request.user) for each in people)
        text = ngettext("%(n)d session ended.", "%(n)d sessions ended.", ended)
        self.message_user(request, text % {"n": ended}, messages.SUCCESS)

    @admin.action(description=_("Remove the second factor (lost phone)"))
    def remove_their_second_factor(self, request, people):
        changed = sum(
            services.remove_second_factor(person=each, actor=request.user) for each in people
        )
        text = ngettext(
            "%(n)d person signs in with the password alone.",
            "%(n)d people sign in with the password alone.",
            changed,
        )
        self.message_user(request, text % {"n": changed}, messages.SUCCESS)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["at", "actor", "verb", "target_label", "target_type", "address"]
    list_filter = ["target_type"]
    list_select_related = ["actor"]
    search_fields = ["verb", "target_label", "actor__name", "actor__email"]
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(JobRun)
class JobRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "started_at", "finished_at", "rows", "error"]
    search_fields = ["name", "error"]


@admin.register(SentForm)
class SentFormAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["at", "actor", "target_type", "target_id"]
    list_select_related = ["actor"]
    search_fields = ["actor__name", "actor__email", "target_id"]
