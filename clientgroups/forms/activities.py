import uuid

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.forms import HiddenInput
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import Activity, ClientGroup
from clientgroups.selectors.activities import BY_TIME, groups_to_plan_for
from core.forms import DateTimeInput, NumberInput, SearchInput, TextArea


class ActivityForm(forms.ModelForm):
    client_group = forms.ModelChoiceField(
        queryset=ClientGroup.objects.none(),
        label=_("Client group"),
        empty_label=_("Choose a client group"),
    )
    submission_key = forms.UUIDField(widget=HiddenInput, initial=uuid.uuid4)

    class Meta:
        model = Activity
        fields = [
            "client_group",
            "name",
            "kind",
            "channel",
            "audience",
            "starts_at",
            "ends_at",
            "place",
            "seats",
            "text",
            "text_zh",
            "owner",
        ]
        widgets = {
            "audience": forms.CheckboxSelectMultiple,
            "starts_at": DateTimeInput,
            "ends_at": DateTimeInput,
            "seats": NumberInput(whole=True),
            "text": TextArea(rows=6, draft="activity"),
            "text_zh": TextArea(rows=6, draft="activity-zh"),
        }
        help_texts = {
            "audience": _(
                "Groups that you may plan for. A client in several groups is asked once."
            ),
            "seats": _("Leave it empty for no limit. When all are taken, people wait for one."),
            "text": _("Time, place and the personal link are added by themselves."),
            "text_zh": _("Goes to contacts who read Chinese; if empty they get the other text."),
            "channel": _(
                "Nobody is asked who objected. Campaigns and offers go only to contacts whose "
                "agreement is recorded; you can change that before sending."
            ),
        }

    def __init__(self, data=None, *, user, activity=None, group=None):
        super().__init__(data, instance=activity, initial={"client_group": group, "owner": user})
        self.user = user
        home = activity.client_group if activity else group
        if activity:
            del self.fields["client_group"]
            del self.fields["submission_key"]
        else:
            self.fields["client_group"].queryset = groups_to_plan_for(user)
        further = groups_to_plan_for(user)
        self.fields["audience"].queryset = further.exclude(pk=home.pk) if home else further
        refused = _("You may only ask the clients of groups that you may plan for.")
        self.fields["audience"].error_messages["invalid_choice"] = refused
        self.fields["owner"].queryset = people_for(home, user, activity)
        self.fields["owner"].empty_label = None
        zone = _("Your time zone: %(zone)s.") % {"zone": timezone.get_current_timezone_name()}
        self.fields["starts_at"].help_text = zone

    def _post_clean(self):
        """The service checks the row; a form that fails must not change what the page shows."""

    def clean(self):
        data = super().clean()
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if starts and ends and ends < starts:
            self.add_error("ends_at", gettext("It cannot end before it begins."))
        if data.get("seats") == 0:
            self.add_error("seats", gettext("At least one seat, or leave it empty for no limit."))
        return data


def people_for(home, user, activity):
    """Who may be named as owner: people with a role in the group, and who owns it already."""
    people = User.objects.filter(is_active=True)
    if home is None:
        return people.filter(pk=user.pk)
    keys = set(home.access.values_list("user", flat=True)) | {user.pk}
    if activity:
        keys.add(activity.owner_id)
    return people.filter(pk__in=keys).order_by("name")


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("Stands in the mail to those who accepted."),
    )


class MarkForm(forms.Form):
    """What is to be noted for ticked people; `all` means everybody who accepted."""

    MARKS = ("asked", "unasked", "accepted", "declined", "came", "absent", "unknown", "all_came")

    mark = forms.ChoiceField(choices=[(mark, mark) for mark in MARKS])
    row = forms.ModelMultipleChoiceField(queryset=None, required=False)

    def __init__(self, data, *, people):
        super().__init__(data)
        self.fields["row"].queryset = people

    def clean(self):
        data = super().clean()
        if data.get("mark") != "all_came" and not data.get("row"):
            raise ValidationError(gettext("Tick at least one person."))
        return data


class PeopleForm(forms.Form):
    q = forms.CharField(
        label=_("Client or contact"), required=False, max_length=200, widget=SearchInput
    )


class ActivityFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="name", lookup_expr="icontains", label=_("Name"), widget=SearchInput
    )
    kind = django_filters.ChoiceFilter(
        choices=Activity.Kind, label=_("Kind"), empty_label=_("All kinds")
    )
    group = django_filters.ModelChoiceFilter(
        field_name="client_group",
        queryset=ClientGroup.objects.none(),
        label=_("Client group"),
        empty_label=_("All groups"),
    )
    # The chips above the form choose it.
    status = django_filters.ChoiceFilter(choices=Activity.Status, widget=HiddenInput)

    class Meta:
        model = Activity
        fields = []

    ORDERS = {
        "starts_at": ("starts_at", "pk"),
        "name": ("name", "pk"),
        "-name": ("-name", "pk"),
    }

    def __init__(self, data, queryset, *, user):
        super().__init__(data, queryset)
        self.filters["group"].queryset = ClientGroup.objects.visible_to(user).active()

    @property
    def ordered(self):
        return self.qs.order_by(*self.ORDERS.get(self.data.get("sort"), BY_TIME))
