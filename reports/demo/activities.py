"""Events and campaigns with invitations and attendance, and the sizes that groups had."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clientgroups.models import Activity, ActivityInvitation, ClientGroup, Contact
from clientgroups.services.group_sizes import record_group_sizes
from reports.demo.clients import World

Kind, Status = Activity.Kind, Activity.Status
MOST = 40


@dataclass(frozen=True)
class Plan:
    """One activity: how many days from today it begins, and how far it has come."""

    name: str
    text: str
    text_zh: str
    kind: str
    days: int | None
    status: str
    place: str = ""
    channel: str = "email"
    seats: int | None = None


PLANS = [
    Plan(
        "Harvest evening",
        "An evening with our buyers and yours: what sold well, what comes next, and supper.",
        "与双方采购同事共度的一晚：回顾今年畅销品，展望明年新品，并备有晚餐。",
        Kind.EVENT,
        -24,
        Status.DONE,
        "Old Customs House, Quay 4",
        seats=24,
    ),
    Plan(
        "新品线上讲座",
        "An hour about the spring range, with time for your questions.",
        "用一小时介绍春季新品，并留出提问时间。",
        Kind.WEBINAR,
        9,
        Status.INVITED,
        "https://meet.demo.example/spring",
        seats=12,
    ),
    Plan(
        "Thank-you call before the new year",
        "We call to say thank you and to hear what we should do better next year.",
        "致电感谢，并听听明年我们还能做得更好的地方。",
        Kind.CAMPAIGN,
        None,
        Status.INVITED,
        channel="phone",
    ),
    Plan(
        "老客户专属优惠",
        "Ten per cent on the first order of the year, for you alone.",
        "新年首单九折，仅限您本人。",
        Kind.OFFER,
        None,
        Status.DRAFT,
    ),
    Plan(
        "Roof terrace tour",
        "A look behind the scenes of the new warehouse.",
        "参观新仓库的幕后。",
        Kind.EVENT,
        16,
        Status.CANCELLED,
        "Warehouse North",
    ),
]


def make_activities(world: World) -> None:
    """Each group gets two to five activities, the groups of both managers some of each kind."""
    allow_calls(world)
    for place, group in enumerate(world.groups):
        plans = PLANS if place < 3 else PLANS[: 2 + place % 2]
        for plan in plans:
            invite(world, make(world, group, plan), plan)
    record_group_sizes(today=world.today)


def allow_calls(world: World) -> None:
    """Two of three contacts may be called, so that a list of calls has people on it."""
    rows = list(Contact.objects.exclude(phone="").only("pk").order_by("pk"))
    agree = [row.pk for row in rows if world.dice.random() < 0.66]
    Contact.objects.filter(pk__in=agree).update(phone_consent=True)


def make(world: World, group: ClientGroup, plan: Plan) -> Activity:
    starts_at = None
    if plan.days is not None:
        day = world.today + dt.timedelta(days=plan.days)
        starts_at = dt.datetime.combine(day, dt.time(16), tzinfo=group.owner.zone)
    return Activity.objects.create(
        client_group=group,
        kind=plan.kind,
        status=plan.status,
        name=plan.name,
        text=plan.text,
        text_zh=plan.text_zh,
        place=plan.place,
        channel=plan.channel,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=2) if starts_at else None,
        seats=plan.seats,
        owner=group.owner,
        cancelled_because="The terrace is being repaired."
        if plan.status == Status.CANCELLED
        else "",
    )


def invite(world: World, activity: Activity, plan: Plan) -> None:
    """Invitations with answers as they come: most are silent, many accept, some wait."""
    if plan.status == Status.DRAFT:
        return
    members = activity.client_group.memberships.current().values("client")
    people = Contact.objects.filter(client__in=members, **{f"{plan.channel}_consent": True})
    rows, seated = [], 0
    for contact in people.order_by("pk")[:MOST]:
        answer = world.dice.choices(["none", "accepted", "declined"], weights=[45, 40, 15])[0]
        if plan.channel == "phone" and world.dice.random() < 0.5:
            answer = ""
        if answer == "accepted" and plan.seats and seated >= plan.seats:
            answer = "waiting" if plan.status == Status.INVITED else "declined"
        seated += answer == "accepted"
        rows.append(invitation(world, activity, contact, answer))
    ActivityInvitation.objects.bulk_create(rows)


def invitation(
    world: World, activity: Activity, contact: Contact, answer: str
) -> ActivityInvitation:
    """One invitation; without an answer at all the person was not even asked yet."""
    began = activity.starts_at or timezone.now()
    asked = min(began - dt.timedelta(days=20), timezone.now() - dt.timedelta(days=3))
    attended = None
    if activity.status == Status.DONE and answer == "accepted":
        attended = world.dice.random() < 0.8
    return ActivityInvitation(
        activity=activity,
        client_id=contact.client_id,
        contact=contact,
        token=f"{world.dice.getrandbits(256):064x}",
        sent_at=asked if answer else None,
        answer=answer or "none",
        answered_at=asked + dt.timedelta(days=1) if answer not in ("", "none") else None,
        attended=attended,
    )
