"""The timeline's sources of this app: what was said, bought, asked for, and what became of it."""

import datetime as dt

from django.db.models import Case, CharField, F, Q, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, Left
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clientgroups.models import (
    Activity,
    ActivityInvitation,
    Client,
    ClientMerge,
    Interaction,
    LifecycleChange,
    Purchase,
    ServiceRequest,
)
from clientgroups.selectors.timeline import Midnight, Source, Text, columns, register_source
from core import formats
from core.addresses import path_to

# Longer texts stand on their own page.
SHOWN = 280
ICONS = {
    "call": "phone",
    "visit": "map-pin",
    "email": "mail",
    "chat": "message-circle",
    "meeting": "users",
    "note": "note",
}


def _interactions(clients, _reader):
    rows = Interaction.objects.kept().filter(client__in=clients)
    return columns(
        rows,
        kind="kind",
        at="happened_at",
        by="by_id",
        who="by__name",
        # An open follow-up is said with the entry, and which side began it.
        code=Concat(
            "direction",
            Value(" "),
            Case(
                When(followed_up_at=None, then=Coalesce(_as_text("follow_up_on"), Value(""))),
                default=Value(""),
            ),
            output_field=TextField(),
        ),
        title="summary",
        detail=Left("text", SHOWN),
    )


def _as_text(name):
    return Cast(F(name), CharField())


def _interaction(row):
    direction, _space, follow_up = row.code.partition(" ")
    note = ""
    if follow_up:
        day = formats.day(dt.date.fromisoformat(follow_up))
        note = _("Follow up on %(day)s") % {"day": day}
    url = path_to("clientgroups:touch_detail", row.key)
    title = row.title
    if direction == "in" and row.kind != "note":
        title = _("From the client: %(summary)s") % {"summary": row.title}
    return Text(title, row.detail, url, note)


def _purchases(clients, _reader):
    rows = Purchase.objects.filter(client__in=clients)
    return columns(
        rows,
        kind=Value("purchase", TextField()),
        at=Midnight("bought_on"),
        code="currency",
        detail="product",
        amount="amount",
        key="client_id",
    )


def _purchase(row):
    words = _("Refund of %(money)s") if row.amount < 0 else _("Bought for %(money)s")
    title = words % {"money": formats.money(abs(row.amount), row.code)}
    return Text(title, row.detail, path_to("clientgroups:client_purchases", row.client))


def _requests(clients, _reader):
    rows = ServiceRequest.objects.filter(client__in=clients)
    return columns(
        rows,
        kind=Value("request", TextField()),
        at="opened_at",
        by=Coalesce("assignee_id", Value(0)),
        who="assignee__name",
        code="status",
        title="subject",
        amount="rating",
    )


def _request(row):
    state = ServiceRequest.Status(row.code).label
    if row.amount is not None:
        words = {"state": state, "rating": int(row.amount)}
        state = _("%(state)s · rated %(rating)s of 5") % words
    return Text(row.title, str(state), path_to("clientgroups:request_detail", row.key))


def _activities(clients, reader):
    rows = ActivityInvitation.objects.filter(
        client__in=clients, sent_at__isnull=False, activity__in=Activity.objects.visible_to(reader)
    )
    came = Case(
        When(attended=True, then=Coalesce("activity__starts_at", "answered_at", "sent_at")),
        default=Coalesce("answered_at", "sent_at"),
    )
    state = Case(
        When(attended=True, then=Value("attended")),
        When(~Q(answer="none"), then=F("answer")),
        default=Value("invited"),
        output_field=TextField(),
    )
    return columns(
        rows,
        kind=Value("activity", TextField()),
        at=came,
        code=state,
        title="activity__name",
        detail="contact__name",
        key="activity_id",
    )


ACTIVITY = {
    "invited": gettext_lazy("Invited to “%(activity)s”"),
    "accepted": gettext_lazy("Accepted the invitation to “%(activity)s”"),
    "declined": gettext_lazy("Declined the invitation to “%(activity)s”"),
    "attended": gettext_lazy("Attended “%(activity)s”"),
}


def _activity(row):
    url = path_to("clientgroups:activity_detail", row.key)
    words = ACTIVITY.get(row.code, ACTIVITY["invited"])
    return Text(words % {"activity": row.title}, row.detail, url)


def _stages(clients, _reader):
    rows = LifecycleChange.objects.filter(client__in=clients)
    return columns(
        rows,
        kind=Value("stage", TextField()),
        at=Midnight("as_of"),
        by=Coalesce("actor_id", Value(0)),
        who="actor__name",
        code=Concat("before", Value(" "), "after", output_field=TextField()),
        detail="reason",
        key="client_id",
    )


def _stage(row):
    before, after = (Client.Stage(name).label for name in row.code.split())
    title = _("Stage: %(before)s → %(after)s") % {"before": before, "after": after}
    return Text(title, row.detail, path_to("clientgroups:client_detail", row.client))


def _merges(clients, _reader):
    rows = ClientMerge.objects.filter(kept__in=clients, undone_at=None)
    return columns(
        rows,
        kind=Value("merge", TextField()),
        at="at",
        client="kept_id",
        by="actor_id",
        who="actor__name",
        title="gone__name",
        key="kept_id",
    )


def _merge(row):
    return Text(_("“%(client)s” was merged into this client") % {"client": row.title})


TALK = {kind.value: (kind.label, ICONS[kind.value]) for kind in Interaction.Kind}
BOUGHT = {"purchase": (gettext_lazy("Purchase"), "shopping-cart")}
ASKED = {"request": (gettext_lazy("Request"), "inbox")}
INVITED = {"activity": (gettext_lazy("Activity"), "confetti")}
MOVED = {"stage": (gettext_lazy("Stage"), "flag")}
MERGED = {"merge": (gettext_lazy("Merge"), "git-merge")}
register_source(Source("interaction", TALK, _interactions, _interaction))
register_source(Source("purchase", BOUGHT, _purchases, _purchase, dated=True))
register_source(Source("request", ASKED, _requests, _request))
register_source(Source("activity", INVITED, _activities, _activity))
register_source(Source("stage", MOVED, _stages, _stage, dated=True))
register_source(Source("merge", MERGED, _merges, _merge))
