"""A group with some history, and how the tests of value pages ask for a page."""

import csv
import datetime as dt
import io

from django.urls import reverse

from clientgroups.models import Client
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    LifecycleChangeFactory,
    MembershipFactory,
    PurchaseFactory,
)

TODAY = dt.date(2026, 6, 15)
MODULES = ("forms.value", "views.value", "views.rfm", "selectors.findings")


def stop_the_clock(monkeypatch):
    """The pages of a fixed day: what is partial must not depend on when the tests run."""
    for module in MODULES:
        monkeypatch.setattr(f"clientgroups.{module}.today_here", lambda: TODAY)


def harbour_shops():
    """Twelve members of long standing who bought in several months; one of them in dollars."""
    group = ClientGroupFactory(name="Harbour shops")
    for n in range(12):
        client = ClientFactory(name=f"Shop {n:02d}")
        MembershipFactory(client_group=group, client=client, valid_from=dt.date(2024, 1, 1))
        for month in range(1, 2 + n % 5):
            PurchaseFactory(client=client, bought_on=dt.date(2026, month, 3 + n), amount=100)
        PurchaseFactory(client=client, bought_on=dt.date(2025, 1, 5 + n), amount=50)
        Client.objects.filter(pk=client.pk).update(first_purchase_on=dt.date(2025, 1, 5 + n))
    PurchaseFactory(client=client, bought_on=dt.date(2026, 5, 3), currency="GBP", amount=1)
    LifecycleChangeFactory(
        client=client, before="potential", after="existing", as_of=dt.date(2026, 5, 4)
    )
    return group


def body(client, name, *args, query="", **headers):
    response = client.get(reverse(f"clientgroups:{name}", args=args) + query, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def table_of(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))
