"""Clients with contacts and two years of purchases, and the six groups they are in."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from accounts.permissions import Role
from clientgroups.models import (
    Client,
    ClientGroup,
    Contact,
    GroupAccess,
    LifecyclePolicy,
    Membership,
    Purchase,
)
from clientgroups.services.groups import refresh_group
from clientgroups.services.lifecycle import derive_lifecycle
from reports.demo import texts
from reports.demo.people import DOMAIN

# Days between two purchases, and the first and last one in days before today.
HABITS = {
    "monthly": (30, 720, 4),
    "quarterly": (140, 700, 15),
    "new": (25, 120, 3),
    "stopped": (45, 720, 430),
    "none": None,
}
MIX = ["monthly"] * 13 + ["quarterly"] * 12 + ["new"] * 5 + ["stopped"] * 6 + ["none"] * 4
STAFF = {
    0: [("chen", Role.MEMBER), ("sara", Role.MEMBER), ("sun", Role.MEMBER), ("grace", Role.VIEWER)],
    1: [("zhou", Role.MEMBER), ("li", Role.MEMBER), ("sun", Role.MEMBER)],
    2: [("ana", Role.LEAD), ("tom", Role.MEMBER), ("grace", Role.VIEWER)],
    3: [("chen", Role.MEMBER), ("omar", Role.VIEWER)],
    4: [("tom", Role.MEMBER), ("ana", Role.MEMBER)],
    5: [("zhou", Role.MEMBER)],
}


@dataclass
class World:
    """What one part of the demo hands to the next."""

    today: dt.date
    dice: object
    people: dict
    groups: list = field(default_factory=list)
    clients: dict = field(default_factory=dict)
    projects: list = field(default_factory=list)


def make_clients(world: World) -> None:
    """40 clients of each of three kinds, with contacts and purchases by habit."""
    habits: dict[int, str] = {}
    for archetype, owner in (("harbour", "lin"), ("school", "lin"), ("clinic", "omar")):
        rows = _clients_of(world, archetype, world.people[owner])
        mix = list(MIX)
        world.dice.shuffle(mix)
        habits |= {client.pk: habit for client, habit in zip(rows, mix, strict=True)}
        world.clients[archetype] = rows
    everyone = [client for rows in world.clients.values() for client in rows]
    _contacts(world, everyone)
    _purchases(world, everyone, habits)
    LifecyclePolicy.objects.get_or_create(pk=1)
    derive_lifecycle(as_of=world.today)


def _clients_of(world, archetype, owner):
    english = [f"{place} {kind}" for kind in texts.KINDS_EN[archetype] for place in texts.PLACES_EN]
    chinese = [f"{place}{kind}" for kind in texts.KINDS_ZH[archetype] for place in texts.PLACES_ZH]
    names = world.dice.sample(english, 20) + world.dice.sample(chinese, 20)
    prefix = {"harbour": "H", "school": "S", "clinic": "K"}[archetype]
    return Client.objects.bulk_create(
        Client(name=name, external_id=f"{prefix}{number:04d}", owner=owner)
        for number, name in enumerate(names, start=1)
    )


def _contacts(world, clients):
    rows = []
    for client in clients:
        chinese = not client.name.isascii()
        for number in range(1 + (world.dice.random() < 0.35)):
            name = _person(world.dice, chinese)
            local = f"{client.external_id}.{number + 1}".lower()
            rows.append(
                Contact(
                    client=client,
                    name=name,
                    email=f"{local}@{DOMAIN}",
                    phone=f"+86 10 5550 {world.dice.randrange(1000, 9999)}",
                    language="zh-hans" if chinese else "en",
                    email_consent=world.dice.random() > 0.04,
                )
            )
    Contact.objects.bulk_create(rows)


def _person(dice, chinese):
    if chinese:
        return dice.choice(texts.LAST_ZH) + dice.choice(texts.FIRST_ZH)
    return f"{dice.choice(texts.FIRST_EN)} {dice.choice(texts.LAST_EN)}"


def _purchases(world, clients, habits):
    rows = []
    for client in clients:
        plan = HABITS[habits[client.pk]]
        if plan is None:
            continue
        gap, day, last = plan
        while day >= last:
            amount = Decimal(world.dice.randrange(8000, 240000)) / 100
            rows.append(
                Purchase(
                    client=client,
                    bought_on=world.today - dt.timedelta(days=day),
                    amount=amount,
                    currency="CNY",
                    quantity=world.dice.randrange(1, 9),
                    product=world.dice.choice(texts.PRODUCTS),
                    external_id=f"{client.external_id}-{day}",
                )
            )
            day -= max(3, gap + world.dice.randrange(-gap // 4, gap // 4 + 1))
    Purchase.objects.bulk_create(rows, batch_size=1000)
    _derive_purchase_figures(clients, rows)


def _derive_purchase_figures(clients, purchases):
    days: dict[int, list] = {}
    for row in purchases:
        days.setdefault(row.client_id, []).append(row.bought_on)
    for client in clients:
        bought = days.get(client.pk, [])
        client.purchase_count = len(bought)
        client.first_purchase_on = min(bought, default=None)
        client.last_purchase_on = max(bought, default=None)
    Client.objects.bulk_update(
        clients, ["purchase_count", "first_purchase_on", "last_purchase_on"], batch_size=200
    )


def make_groups(world: World) -> None:
    """Three listed groups whose members joined two years ago, three kept true by a rule."""
    for index, (name, description, kind, content, owner) in enumerate(texts.GROUPS):
        group = ClientGroup.objects.create(
            name=name,
            description=description,
            kind=kind,
            rule=content if kind == ClientGroup.Kind.DYNAMIC else None,
            owner=world.people[owner],
        )
        access = [(owner, Role.LEAD), *STAFF[index]]
        GroupAccess.objects.bulk_create(
            GroupAccess(client_group=group, user=world.people[short], role=role)
            for short, role in access
        )
        if kind == ClientGroup.Kind.STATIC:
            Membership.objects.bulk_create(
                Membership(
                    client_group=group,
                    client=client,
                    valid_from=world.today - dt.timedelta(days=730),
                    began_because="Listed by hand",
                )
                for client in world.clients[content]
            )
        refresh_group(group=group)
        world.groups.append(group)
