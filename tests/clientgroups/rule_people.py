"""Clients of every sort, nulls and broken values included, with what a reference knows of them."""

import datetime as dt
import random
from decimal import Decimal

from django.utils import timezone

from clientgroups.models import (
    Channel,
    Client,
    Contact,
    CustomField,
    ExchangeRate,
    LifecycleChange,
    Membership,
    Purchase,
    RfmScore,
    ServiceRequest,
    Tag,
)
from feedback.models import Answer, Invitation, Response
from tests.clientgroups.rule_reference import DAY, TODAY
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.feedback import SurveyFactory, WaveFactory
from tests.factories.rules import RequestTypeFactory

WORDS = ["", "Harbour", "harbour foods", "海港食品", "100% _a\\b'", "Ümlaut", "A"]
RATES = [("EUR", dt.date(2025, 6, 1), Decimal("7.5")), ("EUR", dt.date(2026, 6, 1), Decimal(8))]
PRODUCTS = ["", "Disc", "disc brake", "茶叶 50%"]


def some_day(dice, most=800):
    return TODAY - dice.randrange(-3, most) * DAY


def maybe(dice, value):
    return value if dice.random() < 0.7 else None


class World:
    """`people`: (client, facts) pairs; the rest is what rules may name."""

    def __init__(self, seed, number=40):
        self.dice = random.Random(seed)  # noqa: S311 - the same people each time
        self.owners = UserFactory.create_batch(2)
        self.tags = [Tag.objects.create(name=f"Tag {n}") for n in range(3)]
        self.groups = [ClientGroupFactory() for _n in range(3)]
        self.waves = [
            WaveFactory(send_at=timezone.now() - n * DAY, survey=SurveyFactory(open=True))
            for n in (20, 200)
        ]
        self.type = RequestTypeFactory()
        ExchangeRate.objects.bulk_create(
            ExchangeRate(currency=name, base="CNY", valid_from=day, rate=rate)
            for name, day, rate in RATES
        )
        for key, kind in (
            ("note", "text"),
            ("budget", "number"),
            ("renewal", "date"),
            ("newsletter", "yes_no"),
            ("size", "choice"),
        ):
            CustomField.objects.create(key=key, label=key, kind=kind, choices=["S", "M"])
        self.people = [self.person(n) for n in range(number)]

    def person(self, number):
        dice = self.dice
        facts = {
            "name": dice.choice(WORDS[1:]),
            "external_id": maybe(dice, f"N{number}"),
            **{name: dice.choice(WORDS) for name in ("country", "region", "city", "industry")},
            "kind": dice.choice(Client.Kind.values),
            "stage": dice.choice(Client.Stage.values),
            "owner": dice.choice(self.owners).pk,
            "stage_as_of": maybe(dice, some_day(dice)),
            "last_touch": maybe(dice, some_day(dice, 100)),
            "engagement": maybe(dice, dice.choice([0.0, 12.5, 40.0])),
            "health": maybe(dice, dice.choice([0, 40, 100])),
            "created": some_day(dice),
            "custom": self.custom(),
        }
        bought = [self.purchase(n) for n in range(dice.choice([0, 0, 1, 2, 5]))]
        days = [row["day"] for row in bought if row["amount"] >= 0]
        facts |= {
            "purchases": bought,
            "first_purchase": min(days, default=None),
            "last_purchase": max(days, default=None),
            "rates": RATES,
        }
        client = self.store(facts)
        self.relate(client, facts)
        self.ask(client, facts)
        return client, facts

    def custom(self):
        dice = self.dice
        found = {
            "note": dice.choice(WORDS),
            "budget": dice.choice([0, 12.5, -3, "12.5", "much", 10**9]),
            "renewal": dice.choice(["2024-02-29", "2026-12-01", "2026-02-31", "soon"]),
            "newsletter": dice.random() < 0.5,
            "size": dice.choice(["S", "M"]),
        }
        return {key: value for key, value in found.items() if dice.random() < 0.7}

    def purchase(self, number):
        dice = self.dice
        return {
            "day": some_day(dice),
            "amount": dice.choice([Decimal(-10), Decimal(0), Decimal("12.50"), Decimal(40)]),
            "currency": dice.choice(["CNY", "CNY", "EUR", "JPY"]),
            "product": dice.choice(PRODUCTS),
        }

    def store(self, facts):
        own = ("name", "external_id", "country", "region", "city", "industry", "kind", "stage")
        plain = {name: facts[name] for name in (*own, "stage_as_of", "custom")}
        client = Client.objects.create(
            owner_id=facts["owner"],
            engagement=facts["engagement"],
            health=facts["health"],
            last_touch_on=facts["last_touch"],
            purchase_count=sum(row["amount"] >= 0 for row in facts["purchases"]),
            first_purchase_on=facts["first_purchase"],
            last_purchase_on=facts["last_purchase"],
            **plain,
        )
        noon = dt.datetime.combine(facts["created"], dt.time(12), dt.UTC)
        Client.objects.filter(pk=client.pk).update(created_at=noon)
        Purchase.objects.bulk_create(
            Purchase(
                client=client,
                bought_on=row["day"],
                amount=row["amount"],
                currency=row["currency"],
                product=row["product"],
                external_id=str(number),
            )
            for number, row in enumerate(facts["purchases"])
        )
        return client

    def relate(self, client, facts):
        dice = self.dice
        tags = [tag for tag in self.tags if dice.random() < 0.4]
        client.tags.set(tags)
        moves = [some_day(dice) for _n in range(dice.choice([0, 1, 2]))]
        for day in moves:
            LifecycleChange.objects.create(client=client, before="loyal", after="lapsed", as_of=day)
        facts["contacts"] = []
        for number in range(dice.choice([0, 1, 2])):
            ways = {way for way in Channel.values if dice.random() < 0.4}
            one = {"language": dice.choice(["en", "zh-hans"]), "email": dice.random() < 0.7}
            active = dice.random() < 0.8
            Contact.objects.create(
                client=client,
                name=f"C{number}",
                email=f"c{number}@example.com" if one["email"] else "",
                language=one["language"],
                is_active=active,
                **{f"{way}_consent": way in ways for way in Channel.values},
            )
            facts["contacts"] += [one | {"consents": ways}] if active else []
        facts["requests"] = [dice.choice(["new", "open", "resolved"]) for _n in range(2)]
        for state in facts["requests"]:
            ServiceRequest.objects.create(
                client=client,
                type=self.type,
                subject="Help",
                status=state,
                token=f"{client.pk}-{dice.random()}",
                opened_at=timezone.now(),
                resolved_at=timezone.now() if state == "resolved" else None,
            )
        facts |= {"tags": {tag.pk for tag in tags}, **self.join(client)}
        facts["stage_since"] = moves[-1] if moves else facts["created"]
        facts |= self.score(client)

    def join(self, client):
        now, ever = set(), set()
        for group in self.groups:
            begins, ends = TODAY - 90 * DAY, self.dice.choice([None, TODAY - DAY])
            if self.dice.random() < 0.6:
                Membership.objects.create(
                    client_group=group, client=client, valid_from=begins, valid_to=ends
                )
                ever.add(group.pk)
                now |= set() if ends else {group.pk}
        return {"groups_now": now, "groups_ever": ever}

    def score(self, client):
        row = RfmScore(client=client, as_of=TODAY, currency="CNY")
        row.recency, row.frequency, row.monetary = self.dice.randrange(90), 3, Decimal("80.25")
        row.r, row.f, row.m = (self.dice.randint(1, 5) for _n in range(3))
        row.segment = self.dice.choice(RfmScore.Segment.values)
        if self.dice.random() < 0.3:
            return {"rfm": None}
        row.save()
        return {"rfm": row}

    def ask(self, client, facts):
        dice, facts["waves"], facts["answers"] = self.dice, [], []
        contact = Contact.objects.create(client=client, name="Asked", is_active=False)
        for wave in self.waves:
            if dice.random() < 0.5:
                Invitation.objects.create(wave=wave, contact=contact, sent_at=wave.send_at)
                facts["waves"].append({"pk": wave.pk, "sent": wave.send_at})
        for _n in range(dice.choice([0, 0, 1, 3])):
            wave, day = dice.choice(self.waves), some_day(dice, 200)
            response = Response.objects.create(
                survey=wave.survey,
                version=wave.version,
                wave=wave,
                client=client,
                responded_on=day,
                submitted_at=timezone.now(),
            )
            metric = dice.choice(["nps", "csat"])
            score = dice.randint(1, 5)
            row = Answer.objects.create(
                response=response,
                question=wave.version.questions.get(kind=metric),
                metric=metric,
                score=score,
                client=client,
                survey=wave.survey,
                wave=wave,
                responded_on=day,
            )
            facts["answers"].append(
                {"metric": metric, "day": day, "score": score, "wave": wave.pk, "pk": row.pk}
            )
