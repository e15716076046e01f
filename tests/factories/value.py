import datetime as dt
from decimal import Decimal

import factory
from django.utils import timezone

from clientgroups.models import ExchangeRate, Finding, RfmScore
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ClientGroupFactory


class ExchangeRateFactory(factory.django.DjangoModelFactory):
    """One dollar is worth seven yuan, from long ago on."""

    class Meta:
        model = ExchangeRate

    currency = "USD"
    base = "CNY"
    valid_from = dt.date(2020, 1, 1)
    rate = Decimal(7)


class RfmScoreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RfmScore

    client = factory.SubFactory(ClientFactory)
    as_of = factory.LazyFunction(timezone.localdate)
    recency = 3
    frequency = 5
    monetary = Decimal("500.00")
    currency = "CNY"
    r = 5
    f = 4
    m = 4
    segment = RfmScore.Segment.CHAMPIONS


class FindingFactory(factory.django.DjangoModelFactory):
    """A finding without a size of the market; trait: sized (one million yuan in 2025)."""

    class Meta:
        model = Finding

    class Params:
        sized = factory.Trait(
            market_size=Decimal(1_000_000),
            currency="CNY",
            period_from=dt.date(2025, 1, 1),
            period_to=dt.date(2025, 12, 31),
        )

    client_group = factory.SubFactory(ClientGroupFactory)
    title = factory.Sequence(lambda n: f"Shops ask for faster answers, part {n}")
    source = "15 interviews"
    found_on = factory.LazyFunction(timezone.localdate)
    created_by = factory.SubFactory(UserFactory)
