"""Tags, custom fields, consents and look-alikes of clients."""

import datetime as dt

from django.utils import timezone

from clientgroups.models import (
    Channel,
    Client,
    ConsentChange,
    Contact,
    CustomField,
    Membership,
    Tag,
)
from clientgroups.services.merges import merge_clients
from reports.demo.clients import World

FIELDS = [
    ("employees", "Employees", "员工人数", "number", [], "As they told us"),
    ("contract_until", "Contract until", "合同到期", "date", [], ""),
    ("newsletter", "Reads the newsletter", "订阅简报", "yes_no", [], ""),
    ("size_class", "Size class", "规模等级", "choice", ["A", "B", "C"], "A: the largest"),
]
TAGS_EN = ["key account", "renewal 2027", "pilot", "needs training", "reference"]
TAGS_ZH = ["重点客户", "2027 续约", "试点", "需要培训", "标杆客户"]
PLACES = {
    "harbour": [
        ("Harbour Road 12", "Qingdao", "Shandong", "China"),
        ("海港路 88 号", "青岛", "山东", "中国"),
    ],
    "school": [
        ("School Lane 3", "Leeds", "Yorkshire", "United Kingdom"),
        ("学府路 6 号", "杭州", "浙江", "中国"),
    ],
    "clinic": [
        ("Clinic Street 41", "Hamburg", "Hamburg", "Germany"),
        ("健康路 20 号", "成都", "四川", "中国"),
    ],
}
INDUSTRY = {
    "harbour": ("Food retail", "食品零售"),
    "school": ("Education", "教育"),
    "clinic": ("Health care", "医疗"),
}
TITLES_EN = ["Purchasing manager", "Owner", "Head of operations", "Office manager"]
TITLES_ZH = ["采购经理", "总经理", "运营主管", "行政主管"]
NOTES_EN = "Prefers a call before ten. Invoices go to the **finance** desk."
NOTES_ZH = "上午十点前打电话最合适。发票请寄**财务部**。"
SOURCES_EN = ["form at the trade fair", "on the phone", "reply to our letter"]
SOURCES_ZH = ["展会登记表", "电话确认", "回函"]


def make_profile(world: World) -> None:
    """What each client's page shows besides its figures; a few pairs look alike, one was merged."""
    CustomField.objects.bulk_create(
        CustomField(
            key=key,
            label=label,
            label_zh=label_zh,
            kind=kind,
            choices=choices,
            help_text=hint,
            position=number,
        )
        for number, (key, label, label_zh, kind, choices, hint) in enumerate(FIELDS)
    )
    tags = {name: Tag.objects.create(name=name) for name in (*TAGS_EN, *TAGS_ZH)}
    everybody = []
    for archetype, clients in world.clients.items():
        for client in clients:
            _describe(world, client, archetype)
            everybody.append(client)
    names = ["industry", "website", "address", "city", "region", "country", "note", "custom"]
    Client.objects.bulk_update(everybody, names, batch_size=200)
    _tag(world, everybody, tags)
    _contacts(world, everybody)
    _look_alikes(world)


def _chinese(client):
    return not client.name.isascii()


def _describe(world, client, archetype):
    zh, dice = _chinese(client), world.dice
    street, client.city, client.region, client.country = PLACES[archetype][zh]
    client.address = street if dice.random() < 0.8 else ""
    client.industry = INDUSTRY[archetype][zh]
    client.website = f"{(client.external_id or 'client').lower()}.example"
    client.note = (NOTES_ZH if zh else NOTES_EN) if dice.random() < 0.4 else ""
    until = world.today + dt.timedelta(days=dice.randrange(30, 700))
    client.custom = {
        "employees": dice.randrange(3, 400),
        "contract_until": until.isoformat(),
        "newsletter": dice.random() < 0.6,
        "size_class": dice.choice("ABC"),
    }


def _tag(world, clients, tags):
    link = Client.tags.through
    rows = []
    for client in clients:
        names = TAGS_ZH if _chinese(client) else TAGS_EN
        for name in world.dice.sample(names, world.dice.choice([0, 1, 1, 2, 3])):
            rows.append(link(client_id=client.pk, tag=tags[name]))
    link.objects.bulk_create(rows)


def _contacts(world, clients):
    """Positions, consents per channel, and how we know of them."""
    owners = {client.pk: client for client in clients}
    contacts = list(Contact.objects.filter(client__in=owners).order_by("pk"))
    changes = []
    for contact in contacts:
        client, dice = owners[contact.client_id], world.dice
        zh = _chinese(client)
        contact.job_title = dice.choice(TITLES_ZH if zh else TITLES_EN)
        contact.time_zone = "Asia/Shanghai" if zh else "Europe/Berlin"
        contact.preferred_channel = dice.choice(["", *Channel.values])
        contact.phone_consent = dice.random() < 0.7
        contact.chat_consent = dice.random() < (0.6 if zh else 0.2)
        contact.post_consent = dice.random() < 0.5
        for channel in Channel:
            if contact.agrees_to(channel) or dice.random() < 0.2:
                source = dice.choice(SOURCES_ZH if zh else SOURCES_EN)
                changes.append(
                    ConsentChange(
                        contact=contact,
                        channel=channel,
                        granted=contact.agrees_to(channel),
                        source=source,
                        actor_id=client.owner_id,
                    )
                )
    names = ["job_title", "time_zone", "preferred_channel"]
    names += ["phone_consent", "chat_consent", "post_consent"]
    Contact.objects.bulk_update(contacts, names, batch_size=200)
    ConsentChange.objects.bulk_create(changes)
    when = timezone.now() - dt.timedelta(days=200)
    ConsentChange.objects.filter(contact__in=contacts).update(at=when)


def _look_alikes(world):
    """Two pairs for each project manager, and a client that was merged into another."""
    for archetype, suffix in (("harbour", " Ltd"), ("clinic", " GmbH")):
        group = next(
            row.client_group
            for row in Membership.objects.current().filter(
                client=world.clients[archetype][0], client_group__kind="static"
            )
        )
        for number in (0, 1):
            original = world.clients[archetype][number]
            person = original.contacts.order_by("pk").first()
            twin = Client.objects.create(
                name=f"{original.name.upper()}{suffix}",
                owner=original.owner,
                city=original.city,
                country=original.country,
            )
            Contact.objects.create(
                client=twin,
                name=person.name,
                email=person.email,
                phone=person.phone,
                language=person.language,
            )
            Membership.objects.create(
                client_group=group, client=twin, valid_from=world.today - dt.timedelta(days=60)
            )
            if number:
                merge_clients(kept=original, gone=twin, actor=original.owner)
        group.member_count = group.memberships.current().count()
        group.save(update_fields=["member_count"])
