import uuid

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.forms import HiddenInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import (
    ClientGroup,
    Contact,
    Membership,
    Priority,
    RequestType,
    ServiceRequest,
)
from clientgroups.selectors.requests import contacts_of, due_soon, late, people_of
from clientgroups.services.request_messages import CLIENT_TEXT_LIMIT
from core.forms import SearchInput, TextArea
from core.search import search_query

STATUS = ServiceRequest.Status
DONE = [STATUS.RESOLVED, STATUS.CLOSED]


def types_to_choose(row=None):
    """Types that are in use, and the one a request has already."""
    kept = Q(pk=row.type_id) if row else Q(pk__in=[])
    return RequestType.objects.filter(Q(archived_at=None) | kept)


class RequestForm(forms.Form):
    """A new request; only the subject must be typed."""

    subject = forms.CharField(
        label=_("What do they need?"),
        max_length=200,
        help_text=_("One line; it stands in lists and in mails to the client."),
        widget=forms.TextInput({"autofocus": True}),
    )
    text = forms.CharField(
        label=_("Details"), required=False, max_length=20_000, widget=TextArea(rows=4)
    )
    type = forms.ModelChoiceField(
        label=_("Type"), queryset=RequestType.objects.none(), empty_label=None
    )
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority, initial=Priority.NORMAL)
    contact = forms.ModelChoiceField(
        label=_("Who asks"),
        queryset=Contact.objects.none(),
        required=False,
        empty_label=_("Nobody in particular"),
    )
    source = forms.ChoiceField(
        label=_("Came by"), choices=ServiceRequest.Source, initial=ServiceRequest.Source.PHONE
    )
    assignee = forms.ModelChoiceField(
        label=_("Assignee"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Nobody yet"),
    )
    tell_contact = forms.BooleanField(
        label=_("Mail the contact a link to follow the request"), required=False
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args, client, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs["data-draft"] = f"client-{client.pk}-request"
        self.fields["type"].queryset = types = types_to_choose()
        self.fields["type"].initial = types.first()
        self.fields["contact"].queryset = contacts = contacts_of(client)
        self.fields["contact"].initial = contacts.first()
        people = people_of(client)
        self.fields["assignee"].queryset = people | User.objects.filter(pk=user.pk)
        self.fields["assignee"].initial = user.pk


class EditForm(forms.ModelForm):
    class Meta:
        model = ServiceRequest
        fields = ["subject", "text", "contact", "source"]
        widgets = {"text": TextArea(rows=6)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        row = self.instance
        kept = Contact.objects.filter(pk=row.contact_id)
        self.fields["contact"].queryset = contacts_of(row.client) | kept
        self.fields["contact"].label = _("Who asks")
        self.fields["contact"].empty_label = _("Nobody in particular")


class FieldForm(forms.Form):
    """One field changed in place."""

    type = forms.ModelChoiceField(queryset=RequestType.objects.none(), empty_label=None)
    priority = forms.ChoiceField(choices=Priority)
    assignee = forms.ModelChoiceField(queryset=User.objects.none(), required=False)

    def __init__(self, row, name, user, data):
        super().__init__(data)
        self.fields = {name: self.fields[name]}
        if name == "type":
            self.fields[name].queryset = types_to_choose(row)
        elif name == "assignee":
            others = User.objects.filter(Q(pk=user.pk, is_active=True) | Q(pk=row.assignee_id))
            self.fields[name].queryset = people_of(row.client) | others


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=STATUS)


class ReplyForm(forms.Form):
    """What is written under a conversation; it says for whom before it is sent."""

    TO = [("client", _("To the client")), ("team", _("Internal note"))]

    to = forms.ChoiceField(choices=TO, initial="client")
    text = forms.CharField(max_length=20_000)
    wait = forms.BooleanField(required=False)
    submission_key = forms.UUIDField(initial=uuid.uuid4)

    @property
    def key(self):
        """Kept over a refusal, so that sending again is still the same message."""
        try:
            return uuid.UUID(self.data.get("submission_key", ""))
        except ValueError:
            return uuid.uuid4()


class ResolveForm(forms.Form):
    outcome = forms.CharField(
        label=_("What came of it"),
        max_length=4000,
        widget=TextArea(rows=5),
        help_text=_("The client reads this, and is asked how they found our service."),
    )
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


# The client's own page --------------------------------------------------------------------------


class ClientAnswerForm(forms.Form):
    text = forms.CharField(
        max_length=CLIENT_TEXT_LIMIT,
        error_messages={"required": _("Please write something first.")},
    )
    submission_key = forms.UUIDField()

    @property
    def key(self):
        return self.data.get("submission_key", "") if self.is_bound else uuid.uuid4()


class RatingForm(forms.Form):
    rating = forms.IntegerField(
        min_value=1,
        max_value=5,
        error_messages=dict.fromkeys(
            ["required", "invalid", "min_value", "max_value"],
            _("Please choose one of the five answers."),
        ),
    )
    rating_text = forms.CharField(required=False, max_length=4000)


# The queue --------------------------------------------------------------------------------------


def running(rows):
    """Open, of clients that are not put away."""
    return rows.exclude(status__in=DONE).filter(client__archived_at=None)


class RequestFilter(django_filters.FilterSet):
    """Chips choose what is shown; `client` comes from the page of a client."""

    SHOW = [
        ("", _("Open")),
        ("mine", _("Mine")),
        ("unassigned", _("Unassigned")),
        ("late", _("Late")),
        ("soon", _("Due soon")),
        ("waiting", _("Waiting for the client")),
        ("done", _("Done")),
        ("all", _("All")),
    ]
    ORDERS = {
        "due": (F("next_due").asc(nulls_last=True), "-opened_at", "-pk"),
        "-due": (F("next_due").desc(nulls_last=True), "-opened_at", "-pk"),
        "opened": ("opened_at", "pk"),
        "-opened": ("-opened_at", "-pk"),
        "subject": ("subject", "pk"),
        "-subject": ("-subject", "-pk"),
    }

    q = django_filters.CharFilter(
        method="search", label=_("Subject, client or number"), widget=SearchInput
    )
    type = django_filters.ModelChoiceFilter(
        queryset=RequestType.objects.all(), label=_("Type"), empty_label=_("All types")
    )
    priority = django_filters.ChoiceFilter(
        choices=Priority, label=_("Priority"), empty_label=_("All priorities")
    )
    assignee = django_filters.ModelChoiceFilter(
        queryset=User.objects.filter(is_active=True),
        label=_("Assignee"),
        empty_label=_("Everybody"),
    )
    group = django_filters.ModelChoiceFilter(
        queryset=ClientGroup.objects.none(),
        method="in_group",
        label=_("Client group"),
        empty_label=_("All groups"),
    )
    show = django_filters.ChoiceFilter(choices=SHOW[1:], method="shown", widget=HiddenInput)
    client = django_filters.NumberFilter(field_name="client", widget=HiddenInput)

    class Meta:
        model = ServiceRequest
        fields = []

    def __init__(self, data, queryset, *, user):
        super().__init__(data, queryset)
        self.user, self.now = user, timezone.now()
        self.filters["group"].queryset = ClientGroup.objects.visible_to(user).active()

    @property
    def asked(self):
        """Which chip is chosen; an unknown one means all that is open."""
        wanted = self.data.get("show", "")
        return wanted if wanted in dict(self.SHOW) else ""

    @property
    def narrowed(self):
        """Whether anything but a chip leaves rows out."""
        return any(self.data.get(name) for name in self.filters if name != "show")

    @property
    def ordered(self):
        """What the filters leave: by what is due first, or the newest first among the done."""
        rows = self.qs if self.asked else running(self.qs)
        usual = "-opened" if self.asked in ("done", "all") else "due"
        wanted = self.data.get("sort", usual)
        return rows.order_by(*self.ORDERS.get(wanted, self.ORDERS[usual]))

    def shown(self, rows, name, value):
        if value == "all":
            return rows
        if value == "done":
            return rows.filter(status__in=DONE)
        wanted = {
            "mine": Q(assignee=self.user),
            "unassigned": Q(assignee=None),
            "late": late(self.now),
            "waiting": Q(status=STATUS.WAITING),
        }
        rule = due_soon(self.now) if value == "soon" else wanted[value]
        return running(rows).filter(rule)

    def search(self, rows, name, text):
        number = text.strip().upper().removeprefix("R-")
        if number.isdecimal() and len(number) < 10:
            return rows.filter(pk=int(number))
        query = search_query(text)
        if query is None:
            return rows.none()
        return rows.filter(Q(search=query) | Q(client__search=query))

    def in_group(self, rows, name, group):
        member = Membership.objects.current().filter(client=OuterRef("client"), client_group=group)
        return rows.filter(Exists(member))


class FiguresForm(forms.Form):
    """What the figures are about; whatever is not valid is left at its usual value."""

    PERIODS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("12 months"))]

    days = forms.ChoiceField(label=_("Came in within"), choices=PERIODS, required=False)
    group = forms.ModelChoiceField(
        label=_("Client group"),
        queryset=ClientGroup.objects.none(),
        required=False,
        empty_label=_("All groups"),
    )
    type = forms.ModelChoiceField(
        label=_("Type"),
        queryset=RequestType.objects.all(),
        required=False,
        empty_label=_("All types"),
    )

    def __init__(self, data, *, user):
        super().__init__(data.copy() if data else {"days": "90"})
        self.data.setdefault("days", "90")
        self.fields["group"].queryset = ClientGroup.objects.visible_to(user).active()

    @property
    def asked(self):
        self.is_valid()
        found = self.cleaned_data
        return {
            "days": int(found.get("days") or 90),
            "group": found.get("group"),
            "type": found.get("type"),
        }
