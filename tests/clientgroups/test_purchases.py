import datetime as dt
import threading
import uuid

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Client, LifecycleChange, Purchase, StagedPurchase
from clientgroups.services.lifecycle import derive_lifecycle, fix_stage
from clientgroups.services.merges import merge_clients
from clientgroups.services.purchases import (
    apply_staged,
    discard_staged,
    preview_staged,
    stage_purchases,
    undo_purchases,
)
from tests.clientgroups.staging import LINES, stage
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    GroupAccessFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(1998, 6, 30)


@pytest.fixture
def manager():
    return UserFactory(manager=True)


def figures():
    rows = Client.objects.order_by("external_id")
    return list(
        rows.values_list(
            "external_id",
            "name",
            "purchase_count",
            "first_purchase_on",
            "last_purchase_on",
            "stage",
        )
    )


def test_apply_creates_clients_purchases_figures_and_stages(manager):
    batch = stage()

    result = apply_staged(batch=batch, actor=manager, as_of=DAY)

    assert result == {
        "new_clients": 3,
        "new_purchases": 5,
        "known_purchases": 0,
        "moved": 2,
        "kept_current": 0,
        "foreign": 0,
    }
    first, second = dt.date(1998, 1, 2), dt.date(1998, 3, 2)
    assert figures() == [
        ("A", "Larkfield", 2, first, second, "existing"),
        ("B", "B", 1, dt.date(1996, 1, 1), dt.date(1996, 1, 1), "lapsed"),
        ("C", "C", 1, dt.date(1998, 7, 1), dt.date(1998, 7, 1), "potential"),
    ]
    assert set(Client.objects.values_list("owner", "stage_as_of", "stage_follows_today")) == {
        (manager.pk, DAY, False)
    }
    assert not StagedPurchase.objects.exists()
    event = AuditEvent.objects.get()
    assert (event.verb, event.target_label) == ("purchases.imported", "5 purchases")
    assert set(LifecycleChange.objects.values_list("as_of", "import_batch")) == {(DAY, batch)}


def test_number_of_a_merged_client_leads_on_to_the_last_one_kept(manager):
    first, second, last = (
        ClientFactory(owner=manager, external_id=number) for number in ("A", "B", "C")
    )
    merge_clients(kept=second, gone=first, actor=manager)
    merge_clients(kept=last, gone=second, actor=manager)
    batch = uuid.uuid4()
    lines = enumerate([("A", "1"), ("B", "2"), ("C", "1"), ("C", "3")], 2)
    stage_purchases(
        batch=batch,
        rows=[
            (batch, line, client, "", DAY, "10.00", "USD", None, "Disc", number)
            for line, (client, number) in lines
        ],
    )

    preview = preview_staged(batch=batch, actor=manager)
    result = apply_staged(batch=batch, actor=manager, as_of=DAY)

    assert (preview["known_clients"], preview["new_purchases"], preview["repeated"]) == (1, 3, 1)
    assert (result["new_clients"], result["new_purchases"]) == (0, 3)
    assert set(Purchase.objects.values_list("client", "external_id")) == {
        (last.pk, number) for number in "123"
    }
    last.refresh_from_db()
    assert (last.purchase_count, last.last_purchase_on) == (3, DAY)
    stranger = UserFactory(manager=True)
    batch = stage([("A", "", DAY, "9")])
    assert preview_staged(batch=batch, actor=stranger)["foreign_count"] == 1


def test_apply_gives_the_stage_that_derive_would_give(manager):
    batch = stage([("A", "", DAY - dt.timedelta(days=n * 40), "1") for n in range(6)])

    apply_staged(batch=batch, actor=manager, as_of=DAY)
    at_once = Client.objects.get().stage
    Client.objects.update(stage="potential")
    derive_lifecycle(as_of=DAY, batch=batch)

    assert Client.objects.get().stage == at_once == "loyal"


def test_apply_as_of_today_lets_the_stage_follow_the_calendar(manager):
    apply_staged(batch=stage(), actor=manager, as_of=timezone.localdate())

    assert set(Client.objects.values_list("stage_follows_today", "stage")) == {(True, "lapsed")}


def test_same_file_again_adds_nothing(manager):
    apply_staged(batch=stage(), actor=manager, as_of=DAY)
    before = figures()

    again = stage()
    preview = preview_staged(batch=again, actor=manager)
    result = apply_staged(batch=again, actor=manager, as_of=DAY)

    assert (preview["new_purchases"], preview["known_purchases"]) == (0, 5)
    assert (result["new_clients"], result["new_purchases"], result["moved"]) == (0, 0, 0)
    assert (result["known_purchases"], Purchase.objects.count()) == (5, 5)
    assert figures() == before


def test_applied_batch_has_nothing_left_to_apply(manager):
    batch = stage()
    apply_staged(batch=batch, actor=manager, as_of=DAY)

    result = apply_staged(batch=batch, actor=manager, as_of=DAY)

    assert set(result.values()) == {0}
    assert AuditEvent.objects.count() == 1


def test_history_may_be_moved_to_another_day_by_importing_it_again(manager):
    apply_staged(batch=stage(), actor=manager, as_of=DAY)

    apply_staged(batch=stage(), actor=manager, as_of=dt.date(1998, 7, 2))

    assert Client.objects.get(external_id="C").stage == "existing"
    assert set(Client.objects.values_list("stage_as_of", flat=True)) == {dt.date(1998, 7, 2)}


def test_known_client_that_lives_in_the_present_stays_there(manager):
    client = ClientFactory(external_id="A", owner=manager, name="Larkfield Ltd", purchase_count=1)
    PurchaseFactory(client=client, bought_on=timezone.localdate())

    result = apply_staged(batch=stage(), actor=manager, as_of=DAY)

    client.refresh_from_db()
    assert (result["new_clients"], result["kept_current"]) == (2, 1)
    assert (client.name, client.purchase_count, client.stage) == ("Larkfield Ltd", 3, "existing")
    assert (client.stage_as_of, client.stage_follows_today) == (timezone.localdate(), True)


def test_stage_fixed_by_hand_survives_an_import(manager):
    client = ClientFactory(external_id="A", owner=manager)
    until = timezone.localdate()
    fix_stage(client=client, stage="loyal", reason="Signed", until=until, actor=manager)

    apply_staged(batch=stage(), actor=manager, as_of=DAY)

    client.refresh_from_db()
    assert (client.stage, client.purchase_count) == ("loyal", 2)


def test_preview_counts_what_apply_does_and_writes_nothing(manager):
    known = ClientFactory(external_id="A", owner=manager)
    PurchaseFactory(client=known, external_id="P2")
    batch = stage([*LINES, LINES[0]])
    StagedPurchase.objects.filter(batch=batch, line=7).update(external_id="P3", currency="CNY")

    preview = preview_staged(batch=batch, actor=manager)

    assert preview["new_clients"] == 2
    assert preview["known_clients"] == 1
    assert (preview["new_purchases"], preview["known_purchases"], preview["repeated"]) == (4, 1, 1)
    assert (preview["first_on"], preview["last_on"]) == (dt.date(1996, 1, 1), dt.date(1998, 7, 1))
    assert {name: float(total) for name, total in preview["totals"].items()} == {
        "CNY": 10,
        "USD": 16.5,
    }
    assert (preview["foreign"], preview["foreign_count"]) == ([], 0)
    assert (Client.objects.count(), Purchase.objects.count()) == (1, 1)
    result = apply_staged(batch=batch, actor=manager, as_of=DAY)
    assert (result["new_purchases"], result["known_purchases"]) == (4, 2)


# Clients of others -------------------------------------------------------------------------------


def test_client_of_somebody_else_is_neither_touched_nor_told(manager):
    foreign = ClientFactory(external_id="A", name="Secret Ltd")
    batch = stage()

    preview = preview_staged(batch=batch, actor=manager)
    result = apply_staged(batch=batch, actor=manager, as_of=DAY)

    assert (preview["foreign"], preview["foreign_count"]) == ([2, 3, 5], 3)
    assert preview["known_clients"] == 0
    assert float(preview["totals"]["USD"]) == 6.5
    assert (result["foreign"], result["new_purchases"], result["known_purchases"]) == (3, 2, 0)
    foreign.refresh_from_db()
    assert (foreign.purchase_count, foreign.purchases.count(), foreign.stage_as_of) == (0, 0, None)


@pytest.mark.parametrize(("role", "touched"), [("viewer", 0), ("member", 0), ("lead", 2)])
def test_only_leads_of_a_group_write_to_its_clients(manager, role, touched):
    client = ClientFactory(external_id="A")
    group = MembershipFactory(client=client).client_group
    GroupAccessFactory(client_group=group, user=manager, role=role)

    apply_staged(batch=stage(), actor=manager, as_of=DAY)

    client.refresh_from_db()
    assert client.purchase_count == touched


def test_administrators_write_to_every_client():
    ClientFactory(external_id="A")
    admin = UserFactory(admin=True)

    assert preview_staged(batch=stage(), actor=admin)["foreign"] == []


# Whole or nothing --------------------------------------------------------------------------------


def test_failing_import_writes_nothing(manager):
    batch = stage([*LINES, ("D", "", dt.date(1998, 1, 1), "1")])
    StagedPurchase.objects.filter(line=7).update(currency="", client_name="x")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clientgroups_purchase ADD CONSTRAINT c CHECK (currency <> '')")

    with pytest.raises(IntegrityError), transaction.atomic():
        apply_staged(batch=batch, actor=manager, as_of=DAY)

    assert (Client.objects.count(), Purchase.objects.count()) == (0, 0)
    assert StagedPurchase.objects.count() == 6


def test_staging_again_replaces_and_discarding_removes():
    batch = stage()
    stage(LINES[:2], batch=batch)

    assert StagedPurchase.objects.count() == 2
    assert str(StagedPurchase.objects.first()) == f"{batch}:2"
    assert discard_staged(batch=batch) == 2
    assert discard_staged(batch=batch) == 0


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_do_not_mix(manager):
    batches = [stage(), stage()]
    start = threading.Barrier(2)
    results = []

    def work(batch):
        start.wait(10)
        try:
            results.append(apply_staged(batch=batch, actor=manager, as_of=DAY))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=[batch]) for batch in batches]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert sorted(result["new_purchases"] for result in results) == [0, 5]
    assert sorted(result["new_clients"] for result in results) == [0, 3]
    assert len(set(Client.objects.values_list("import_batch", flat=True))) == 1
    assert (Client.objects.count(), Purchase.objects.count()) == (3, 5)


@pytest.mark.django_db(transaction=True)
def test_worker_that_dies_leaves_nothing(manager):
    batch = stage()

    def die():
        try:
            with transaction.atomic():
                apply_staged(batch=batch, actor=manager, as_of=DAY)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    dead.append(cursor.fetchone()[0])
                ready.set()
                gone.wait(10)
        except Exception as problem:  # noqa: BLE001 - the thread's connection was cut on purpose
            dead.append(problem)
        finally:
            connections.close_all()

    dead, ready, gone = [], threading.Event(), threading.Event()
    worker = threading.Thread(target=die)
    worker.start()
    assert ready.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [dead[0]])
    gone.set()
    worker.join(10)

    assert len(dead) == 2
    assert (Client.objects.count(), Purchase.objects.count()) == (0, 0)
    assert StagedPurchase.objects.filter(batch=batch).count() == 5
    assert apply_staged(batch=batch, actor=manager, as_of=DAY)["new_purchases"] == 5


# The real file -----------------------------------------------------------------------------------


def test_two_years_of_real_purchases_are_applied(manager, shared_data):
    batch = uuid.uuid4()
    text = (shared_data / "purchases" / "cdnow_master_1997_1998.txt").read_text("ascii")

    def rows():
        for number, line in enumerate(text.splitlines()[1:], 2):
            client, day, discs, amount = line.split()
            on = dt.date(int(day[:4]), int(day[4:6]), int(day[6:]))
            yield (batch, number, client, "", on, amount, "USD", discs, "", f"~{number}")

    stage_purchases(batch=batch, rows=rows())

    result = apply_staged(batch=batch, actor=manager, as_of=DAY)

    assert (result["new_clients"], result["new_purchases"]) == (23_570, 69_659)
    assert Purchase.objects.count() == 69_659
    known = Client.objects.get(external_id="00003")
    assert (known.purchase_count, known.stage) == (6, "existing")
    assert undo_purchases(batch=batch, actor=manager)["clients"] == 23_570


# Models ------------------------------------------------------------------------------------------


def test_purchase_is_recorded_once():
    row = PurchaseFactory()

    with pytest.raises(IntegrityError, match="purchase_once"):
        PurchaseFactory(client=row.client, external_id=row.external_id)


def test_purchase_names_client_day_and_amount():
    row = PurchaseFactory(client__name="Larkfield", bought_on=DAY, amount="3.50", currency="EUR")

    assert str(row) == "Larkfield 1998-06-30 3.50 EUR"
