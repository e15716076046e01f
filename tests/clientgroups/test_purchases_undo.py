import datetime as dt
import uuid

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Client, LifecycleChange, Purchase, StagedPurchase
from clientgroups.services.clients import update_client
from clientgroups.services.lifecycle import fix_stage
from clientgroups.services.purchases import (
    apply_staged,
    stage_purchases,
    undo_purchases,
)
from tests.clientgroups.staging import stage
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(1998, 6, 30)


@pytest.fixture
def manager():
    return UserFactory(manager=True)


# Undo --------------------------------------------------------------------------------------------


def test_undo_removes_everything_the_batch_created_once(manager):
    group = ClientGroupFactory(dynamic=True, owner=manager)
    batch = stage()
    apply_staged(batch=batch, actor=manager, as_of=DAY)
    MembershipFactory(client=Client.objects.get(external_id="A"), client_group=group)

    result = undo_purchases(batch=batch, actor=manager)
    again = undo_purchases(batch=batch, actor=manager)

    assert result == {"purchases": 5, "clients": 3, "kept": 0, "names": []}
    assert again == {"purchases": 0, "clients": 0, "kept": 0, "names": []}
    assert not Client.objects.exists()
    assert not LifecycleChange.objects.exists()
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["purchases.imported", "purchases.import_undone"]


def test_undo_restores_figures_and_stage_of_known_clients(manager):
    today = timezone.localdate()
    client = ClientFactory(external_id="A", owner=manager)
    days = [today - dt.timedelta(days=20), today - dt.timedelta(days=10)]
    first = stage([("A", "", day, "1") for day in days])
    apply_staged(batch=first, actor=manager, as_of=today)
    client.refresh_from_db()
    before = (client.stage, client.purchase_count, client.first_purchase_on, client.stage_as_of)
    second = uuid.uuid4()
    more = [
        (second, n, "A", "", today - dt.timedelta(days=n), "1", "USD", None, "", f"X{n}")
        for n in range(1, 4)
    ]
    stage_purchases(batch=second, rows=more)
    apply_staged(batch=second, actor=manager, as_of=today)
    client.refresh_from_db()
    assert (client.stage, client.purchase_count) == ("loyal", 5)

    undo_purchases(batch=second, actor=manager)

    client.refresh_from_db()
    now = (client.stage, client.purchase_count, client.first_purchase_on, client.stage_as_of)
    assert now == before
    assert not LifecycleChange.objects.filter(import_batch=second).exists()


def test_undo_keeps_a_history_at_its_day(manager):
    apply_staged(batch=stage(), actor=manager, as_of=DAY)
    second = uuid.uuid4()
    rows = [
        (second, n, "A", "", DAY - dt.timedelta(days=n), "1", "USD", None, "", f"X{n}")
        for n in range(1, 5)
    ]
    stage_purchases(batch=second, rows=rows)
    apply_staged(batch=second, actor=manager, as_of=DAY)
    client = Client.objects.get(external_id="A")
    assert client.stage == "loyal"

    undo_purchases(batch=second, actor=manager)

    client.refresh_from_db()
    assert (client.stage, client.stage_as_of, client.purchase_count) == ("existing", DAY, 2)


def test_undo_gives_a_known_client_without_purchases_back_as_it_was(manager):
    client = ClientFactory(external_id="A", owner=manager)
    batch = stage()
    apply_staged(batch=batch, actor=manager, as_of=DAY)

    undo_purchases(batch=batch, actor=manager)

    client.refresh_from_db()
    assert (client.stage, client.stage_as_of, client.stage_follows_today) == (
        "potential",
        None,
        True,
    )
    assert Client.objects.get() == client


@pytest.mark.parametrize(
    "touch",
    [
        lambda client: ContactFactory(client=client),
        lambda client: MembershipFactory(client=client),
        lambda client: PurchaseFactory(client=client),
        lambda client: update_client(client=client, actor=client.owner, name="Renamed"),
        lambda client: fix_stage(
            client=client,
            stage="loyal",
            reason="Signed",
            until=timezone.localdate(),
            actor=client.owner,
        ),
    ],
    ids=["contact", "listed group", "other purchase", "renamed", "stage by hand"],
)
def test_undo_keeps_clients_that_have_other_data_and_says_so(manager, touch):
    batch = stage()
    apply_staged(batch=batch, actor=manager, as_of=DAY)
    client = Client.objects.get(external_id="A")
    touch(client)
    client.refresh_from_db()

    result = undo_purchases(batch=batch, actor=manager)

    assert (result["clients"], result["kept"], result["names"]) == (2, 1, [client.name])
    assert Client.objects.get().import_batch is None
    assert not Purchase.objects.filter(import_batch=batch).exists()


def test_undo_discards_a_batch_that_was_never_applied(manager):
    batch = stage()

    result = undo_purchases(batch=batch, actor=manager)

    assert result["purchases"] == 0
    assert not StagedPurchase.objects.exists()
    assert not AuditEvent.objects.exists()
