"""Our SQL against the published summary of 2,357 customers of a music shop."""

import csv
import datetime as dt
from decimal import Decimal

import pytest

from clientgroups.models import Client, Purchase
from clientgroups.selectors.value import repeat_summary
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, PurchaseFactory
from tests.factories.value import ExchangeRateFactory

pytestmark = pytest.mark.django_db
END_OF_CALIBRATION = dt.date(1997, 9, 30)


def load(path):
    """Purchases of the sample; customers by their number in it."""
    rows = [line.split() for line in path.read_text("ascii").splitlines()]
    owner = UserFactory()
    numbers = sorted({row[1] for row in rows})
    clients = Client.objects.bulk_create(
        Client(name=number, external_id=number, owner=owner) for number in numbers
    )
    keys = {client.external_id: client.pk for client in clients}
    Purchase.objects.bulk_create(
        Purchase(
            client_id=keys[number],
            bought_on=dt.datetime.strptime(day, "%Y%m%d").replace(tzinfo=dt.UTC).date(),
            amount=Decimal(dollars),
            external_id=f"L{line}",
        )
        for line, (_master, number, day, _pieces, dollars) in enumerate(rows)
    )
    return {pk: int(number) for number, pk in keys.items()}


def test_repeat_summary_equals_the_published_reference(shared_data):
    folder = shared_data / "purchases"
    keys = load(folder / "cdnow_sample_1997_1998.txt")
    with (folder / "cdnow_rfm_summary.csv").open(encoding="ascii", newline="") as file:
        published = {int(row["ID"]): row for row in csv.DictReader(file)}

    found = {keys[row.client]: row for row in repeat_summary(END_OF_CALIBRATION)}

    assert len(found) == len(published) == 2357
    different = {
        number: (row, published[number])
        for number, row in found.items()
        if row.frequency != int(published[number]["x"])
        or abs(row.recency - Decimal(published[number]["t_x"])) > Decimal("0.00501")
        or abs(row.age - Decimal(published[number]["T"])) > Decimal("0.00501")
        or abs(row.value - Decimal(published[number]["zbar"])) > Decimal("0.00501")
    }
    assert different == {}


def test_repeat_summary_counts_days_and_converts_money():
    client = ClientFactory()
    ExchangeRateFactory()
    for day, amount, currency in (
        (dt.date(2026, 1, 1), 100, "CNY"),
        (dt.date(2026, 1, 8), 10, "CNY"),
        (dt.date(2026, 1, 8), 10, "USD"),
        (dt.date(2026, 1, 15), 20, "CNY"),
        (dt.date(2026, 1, 16), -20, "CNY"),
        (dt.date(2026, 3, 1), 999, "CNY"),
    ):
        PurchaseFactory(client=client, bought_on=day, amount=amount, currency=currency)
    ClientFactory()

    (row,) = repeat_summary(dt.date(2026, 1, 29))

    assert (row.client, row.frequency, row.recency, row.age) == (client.pk, 2, 2, 4)
    assert row.value == 50
