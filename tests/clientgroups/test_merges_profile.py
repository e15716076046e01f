import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import (
    Client,
    ClientMerge,
    ConsentChange,
    Contact,
    Membership,
    Purchase,
)
from clientgroups.selectors.dates import today_here
from clientgroups.services.clients import archive_client, restore_client
from clientgroups.services.lifecycle import derive_lifecycle
from clientgroups.services.merges import merge_clients, undo_merge
from clientgroups.services.personal import erase_client
from feedback.models import Answer, Response
from feedback.services.scores import rebuild_scores, sweep_scores
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
    PurchaseFactory,
)
from tests.factories.profile import Stage, chance, differences, rich_client, snapshot

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def merged(kept=None, gone=None, **options):
    kept, gone = kept or ClientFactory(), gone or ClientFactory()
    options.setdefault("actor", kept.owner)
    return merge_clients(kept=kept, gone=gone, **options)


# The whole of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_merge_and_undo_leave_every_table_as_it_was(seed):
    dice, stage = chance(seed), Stage()
    kept, gone = rich_client(stage, dice), rich_client(stage, dice)
    if dice.random() < 0.5:
        Client.objects.filter(pk=kept.pk).update(external_id=None)
    rebuild_scores()
    before = snapshot("feedback.SatisfactionRollup")

    take = dice.sample(["name", "external_id", "owner", "note", "city"], 2)
    merge = merged(kept, gone, actor=stage.user, take=take, custom=["size"])
    between = snapshot("feedback.SatisfactionRollup")
    undo_merge(merge=merge, actor=stage.user)

    assert differences(before, snapshot("feedback.SatisfactionRollup")) == []
    assert differences(before, between)
    # Nothing was deleted on the way.
    for label, rows in before.items():
        assert set(rows) <= set(between[label]), label


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_every_table_go_with_the_client(seed):
    dice, stage = chance(100 + seed), Stage()
    kept, gone = rich_client(stage, dice), rich_client(stage, dice)
    answers = Answer.objects.filter(client__in=[kept, gone]).count()

    merged(kept, gone, actor=stage.user)

    assert not gone.interactions.exists()
    assert not gone.requests.exists()
    assert not gone.lifecycle_changes.exists()
    assert not gone.imported_rows.exists()
    assert Answer.objects.filter(client=kept).count() == answers
    assert not Response.objects.filter(client=gone).exists()
    assert not gone.memberships.current().exists()


def test_scores_follow_a_merge_and_its_undo():
    dice, stage = chance(5), Stage()
    kept, gone = rich_client(stage, dice), rich_client(stage, dice)
    rebuild_scores()

    def scores():
        rows = snapshot()["feedback.SatisfactionRollup"].values()
        shown = ("scope", "scope_id", "metric", "period_kind", "period_start", "n", "score")
        return sorted(tuple(row[name] for name in shown) for row in rows)

    before = scores()
    merge = merged(kept, gone, actor=stage.user)
    sweep_scores()
    swept = scores()
    rebuild_scores()
    assert scores() == swept

    undo_merge(merge=merge, actor=stage.user)
    sweep_scores()
    assert scores() == before


def test_merge_twice_is_one_merge_and_one_entry():
    kept, gone = ClientFactory(), ClientFactory()

    first, second = merged(kept, gone), merged(kept, gone)
    for _again in range(2):
        undo_merge(merge=first, actor=kept.owner)

    assert first == second
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["client.merged", "client.merge_undone"]


# Fields -------------------------------------------------------------------------------------------


def test_values_are_chosen_and_gaps_are_filled():
    kept = ClientFactory(name="Lark", city="", note="mine", custom={"a": 1, "b": 2})
    gone = ClientFactory(name="Lark Ltd", city="Kiel", note="theirs", custom={"a": 5, "c": 3})

    merged(kept, gone, take=["name"], custom=["a"])

    kept.refresh_from_db()
    assert (kept.name, kept.city, kept.note) == ("Lark Ltd", "Kiel", "mine")
    assert kept.custom == {"a": 5, "b": 2, "c": 3}


def test_number_moves_when_chosen_and_the_other_one_stays_findable():
    kept, gone = ClientFactory(external_id="A"), ClientFactory(external_id="B")

    merge = merged(kept, gone, take=["external_id"])

    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.external_id, gone.external_id) == ("B", "A")
    undo_merge(merge=merge, actor=kept.owner)
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.external_id, gone.external_id) == ("A", "B")


def test_unknown_field_to_take_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="stage"):
        merged(take=["stage"])


def test_what_was_changed_since_stays_with_the_kept_client():
    kept, gone = ClientFactory(city="Kiel"), ClientFactory()
    merge = merged(kept, gone)
    Client.objects.filter(pk=kept.pk).update(city="Bonn", external_id="new")
    PurchaseFactory(client=kept, amount=5)

    undo_merge(merge=merge, actor=kept.owner)
    Client.objects.filter(pk=kept.pk).update(purchase_count=7)

    kept.refresh_from_db()
    assert (kept.city, kept.external_id) == ("Bonn", "new")


def test_purchases_since_the_merge_are_counted_after_the_undo():
    kept, gone = ClientFactory(), ClientFactory()
    PurchaseFactory(client=gone)
    Client.objects.filter(pk=gone.pk).update(purchase_count=1)
    merge = merged(kept, gone)
    PurchaseFactory(client=kept)
    Client.objects.filter(pk=kept.pk).update(purchase_count=2)

    undo_merge(merge=merge, actor=kept.owner)

    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.purchase_count, gone.purchase_count) == (1, 1)


def test_stage_follows_from_the_purchases_of_both():
    kept, gone = ClientFactory(), ClientFactory()
    for number, client in enumerate((kept, kept, gone, gone)):
        bought = timezone.localdate() - dt.timedelta(days=9 * number)
        PurchaseFactory(client=client, bought_on=bought)

    merge = merged(kept, gone)
    kept.refresh_from_db()
    assert (kept.stage, kept.purchase_count) == ("loyal", 4)

    undo_merge(merge=merge, actor=kept.owner)
    kept.refresh_from_db()
    assert kept.stage == "potential"
    assert not kept.lifecycle_changes.exists()


# People -------------------------------------------------------------------------------------------


def test_same_person_becomes_one_and_the_stricter_consent_holds():
    kept = ContactFactory(email="mia@x.example", phone="", phone_consent=True)
    gone = ContactFactory(
        email="MIA@x.example", phone="123", external_id="7", email_consent=False, phone_consent=True
    )
    change = ConsentChange.objects.create(contact=gone, channel="email", granted=False)

    merge = merged(kept.client, gone.client)

    kept.refresh_from_db()
    change.refresh_from_db()
    assert (kept.phone, kept.external_id, kept.email_consent) == ("123", "7", False)
    assert kept.phone_consent
    assert change.contact == kept
    assert kept.consent_changes.filter(granted=False).count() == 2
    twin = Contact.objects.get(pk=gone.pk)
    assert (twin.client, twin.is_active) == (gone.client, False)
    undo_merge(merge=merge, actor=kept.client.owner)
    kept.refresh_from_db()
    assert Contact.objects.get(pk=gone.pk).is_active
    assert (kept.phone, kept.external_id, kept.email_consent) == ("", "", True)
    assert not kept.consent_changes.exists()


def test_same_number_of_different_people_is_told_apart():
    kept = ContactFactory(external_id="1", email="a@x.example")
    gone = ContactFactory(external_id="1", email="b@x.example")

    merged(kept.client, gone.client)

    gone.refresh_from_db()
    gone_id = ClientMerge.objects.get().gone_id
    assert (gone.client, gone.external_id) == (kept.client, f"1 ({gone_id})")


def test_same_number_and_name_without_mail_is_one_person():
    kept = ContactFactory(external_id="1", email="", name="Mia")
    gone = ContactFactory(external_id="1", email="m@x.example", name="mia")

    merged(kept.client, gone.client)

    kept.refresh_from_db()
    assert kept.email == "m@x.example"
    assert kept.client.contacts.count() == 1


# Memberships and purchases ------------------------------------------------------------------------


def days(client, group):
    rows = group.memberships.filter(client=client).order_by("valid_from", "pk")
    return [(row.valid_from, row.valid_to) for row in rows if row.valid_from != row.valid_to]


D = dt.date(2026, 1, 1)


def after(number):
    return D + dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("mine", "theirs", "found"),
    [
        ([(0, 10)], [(20, None)], [(0, 10), (20, None)]),
        ([(0, 10)], [(10, 20)], [(0, 10), (10, 20)]),
        ([(0, 10)], [(5, 20)], [(0, 20)]),
        ([(0, None)], [(5, 20)], [(0, None)]),
        ([(5, 20)], [(0, None)], [(0, None)]),
        ([(0, 5), (8, 12)], [(3, 20)], [(0, 20)]),
        ([(0, 10)], [(5, 5)], [(0, 10)]),
    ],
)
def test_days_in_a_group_are_joined_and_no_day_counts_twice(mine, theirs, found):
    kept, gone, group = ClientFactory(), ClientFactory(), ClientGroupFactory()
    for client, spans in ((kept, mine), (gone, theirs)):
        for start, end in spans:
            MembershipFactory(
                client=client,
                client_group=group,
                valid_from=after(start),
                valid_to=None if end is None else after(end),
            )

    merged(kept, gone)

    assert days(kept, group) == [
        (after(start), None if end is None else after(end)) for start, end in found
    ]
    assert days(gone, group) == []
    for number in range(25):
        assert Membership.objects.on(after(number)).filter(client_group=group).count() <= 1


def test_member_counts_are_true_after_merge_and_undo():
    group = ClientGroupFactory(member_count=2)
    kept, gone = ClientFactory(), ClientFactory()
    for client in (kept, gone):
        MembershipFactory(client=client, client_group=group)

    merge = merged(kept, gone)
    group.refresh_from_db()
    assert group.member_count == 1
    undo_merge(merge=merge, actor=kept.owner)
    group.refresh_from_db()
    assert group.member_count == 2


def test_the_same_purchase_counts_once_and_another_one_gets_a_longer_number():
    kept, gone = ClientFactory(), ClientFactory()
    same = PurchaseFactory(client=kept, external_id="1", amount=10)
    PurchaseFactory(client=kept, external_id="2", amount=10)
    twin = PurchaseFactory(client=gone, external_id="1", amount=10)
    other = PurchaseFactory(client=gone, external_id="2", amount=11)

    merged(kept, gone)

    assert set(kept.purchases.values_list("external_id", flat=True)) == {"1", "2", f"2 ({gone.pk})"}
    twin.refresh_from_db()
    assert (twin.client, same.client) == (gone, kept)
    assert Purchase.objects.get(pk=other.pk).client == kept


# Locks --------------------------------------------------------------------------------------------


def locked_tables(queries):
    """Which tables were locked, in order, and each in the order of its keys."""
    found = [each["sql"] for each in queries if "FOR UPDATE" in each["sql"]]
    assert all("ORDER BY" in sql or "LIMIT" in sql for sql in found[:2])
    return [sql.split(' FROM "clientgroups_')[1].split('"')[0] for sql in found]


@pytest.mark.parametrize("what", ["merge", "undo", "archive", "restore", "erase"])
def test_groups_are_locked_before_clients(what, django_assert_max_num_queries):
    rows = [MembershipFactory(client__name=f"Lark {n}") for n in range(2)]
    kept, gone = (row.client for row in rows)
    merge = merged(kept, gone) if what in ("undo", "erase") else None
    if what == "restore":
        archive_client(client=kept, actor=kept.owner)
    work = {
        "merge": lambda: merged(kept, gone),
        "undo": lambda: undo_merge(merge=merge, actor=kept.owner),
        "archive": lambda: archive_client(client=kept, actor=kept.owner),
        "restore": lambda: restore_client(client=kept, actor=kept.owner),
        "erase": lambda: erase_client(client=kept, actor=kept.owner, confirm=kept.name),
    }

    with django_assert_max_num_queries(500) as queries:
        work[what]()

    assert locked_tables(queries.captured_queries)[:2] == ["clientgroup", "client"]


def test_night_leaves_merged_clients_as_they_were():
    kept, gone = ClientFactory(), ClientFactory()
    merged(kept, gone)
    Client.objects.filter(pk=gone.pk).update(stage="loyal")

    derive_lifecycle(as_of=today_here())

    gone.refresh_from_db()
    assert gone.stage == "loyal"
    assert not gone.lifecycle_changes.exists()
