import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import (
    Client,
    ClientMerge,
    ConsentChange,
    Contact,
    Membership,
    NotDuplicate,
    Purchase,
)
from clientgroups.selectors.duplicates import duplicate_pairs, twins_of
from clientgroups.services.clients import archive_client
from clientgroups.services.duplicates import dismiss_pair, recall_pair
from clientgroups.services.merges import merge_clients, undo_merge
from feedback.models import Answer, Response
from feedback.services.scores import rebuild_scores, sweep_scores
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    GroupAccessFactory,
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
    assert Contact.objects.get(pk=gone.pk).client == gone.client
    undo_merge(merge=merge, actor=kept.client.owner)
    kept.refresh_from_db()
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


# Refusals -----------------------------------------------------------------------------------------


def test_a_client_is_not_merged_with_itself():
    client = ClientFactory()
    with pytest.raises(ValidationError, match="two different"):
        merged(client, client)


def test_merged_archived_and_erased_clients_are_refused():
    kept, gone, third = ClientFactory(), ClientFactory(), ClientFactory(name="Third")
    merged(kept, gone)

    with pytest.raises(ValidationError, match="merged into another client already"):
        merged(third, gone)
    archive_client(client=third, actor=third.owner)
    with pytest.raises(ValidationError, match="put away"):
        merged(kept, third)
    Client.objects.filter(pk=third.pk).update(erased_at=timezone.now())
    with pytest.raises(ValidationError, match="erased"):
        merged(kept, third)


def test_a_chain_of_merges_is_undone_from_its_end():
    first, second, third = ClientFactory(), ClientFactory(), ClientFactory()
    inner = merged(second, first)
    outer = merged(third, second)

    with pytest.raises(ValidationError, match="Undo that merge first"):
        undo_merge(merge=inner, actor=third.owner)
    undo_merge(merge=outer, actor=third.owner)
    undo_merge(merge=inner, actor=third.owner)

    assert not Client.objects.exclude(merged_into=None).exists()


def test_undo_is_refused_when_rows_would_clash():
    kept, gone = ClientFactory(), ClientFactory(external_id="B")
    merge = merged(kept, gone)
    Client.objects.filter(pk=gone.pk).update(external_id=None)
    ClientFactory(external_id="B")

    with pytest.raises(ValidationError, match="would clash"):
        undo_merge(merge=merge, actor=kept.owner)

    gone.refresh_from_db()
    assert gone.merged_into == kept


def test_undo_after_an_erasure_is_refused():
    kept, gone = ClientFactory(), ClientFactory()
    merge = merged(kept, gone)
    Client.objects.filter(pk=kept.pk).update(erased_at=timezone.now(), archived_at=timezone.now())

    with pytest.raises(ValidationError, match="erased"):
        undo_merge(merge=merge, actor=kept.owner)


@pytest.mark.django_db(transaction=True)
def test_two_people_merge_the_same_pair_in_both_directions_at_once():
    one, other = ClientFactory(), ClientFactory()
    actor, start, found = UserFactory(admin=True), threading.Barrier(2), []

    def run(kept, gone):
        start.wait()
        try:
            merge_clients(kept=kept, gone=gone, actor=actor)
            found.append("merged")
        except ValidationError:
            found.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(found) == ["merged", "refused"]
    assert ClientMerge.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_merge_sent_five_times_at_once_happens_once():
    one, other = ClientFactory(), ClientFactory()
    actor, start, found = UserFactory(admin=True), threading.Barrier(5), []

    def run():
        start.wait()
        try:
            found.append(merge_clients(kept=one, gone=other, actor=actor).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(found) == 5
    assert len(set(found)) == 1
    assert AuditEvent.objects.filter(verb="client.merged").count() == 1


# Look-alikes --------------------------------------------------------------------------------------


def signs(pairs):
    return {(pair.first, pair.second): pair.signs for pair in pairs}


def test_look_alikes_are_found_by_name_mail_phone_and_spelling():
    user = UserFactory(admin=True)
    a, b = ClientFactory(name="Larkfield Foods GmbH"), ClientFactory(name="LARKFIELD  foods")
    c, d = ClientFactory(name="海港食品有限公司"), ClientFactory(name="海港食品")
    e, f = ClientFactory(name="Northwind Trading"), ClientFactory(name="Northwind Tradings")
    ContactFactory(client=a, email="Mia@x.example")
    ContactFactory(client=e, email="mia@X.example")
    ContactFactory(client=c, phone="+86 138 0013 8000")
    ContactFactory(client=f, phone="13800138000")
    ClientFactory(name="Quite another")

    found = signs(duplicate_pairs(user))

    assert found == {
        (a.pk, b.pk): ("name",),
        (c.pk, d.pk): ("name",),
        (a.pk, e.pk): ("email",),
        (c.pk, f.pk): ("phone",),
        (e.pk, f.pk): ("similar",),
    }
    for client in (a, e):
        expected = {pair for pair in found if client.pk in pair}
        assert set(signs(twin.pair for twin in twins_of(client, user))) == expected


def test_several_signs_make_a_pair_surer():
    a, b = ClientFactory(name="Lark"), ClientFactory(name="lark")
    (plain,) = duplicate_pairs(a.owner.__class__.objects.get(pk=UserFactory(admin=True).pk))
    for client in (a, b):
        ContactFactory(client=client, email="same@x.example", phone="5550 12345")
    (surer,) = duplicate_pairs(UserFactory(admin=True))

    assert (plain.score, surer.score) == (60, 88)
    assert [str(reason) for reason in surer.reasons] == ["same e-mail", "same name", "same phone"]


def test_look_alikes_out_of_reach_are_not_on_offer():
    lead = GroupAccessFactory(role="lead")
    mine = MembershipFactory(client_group=lead.client_group, client__name="Lark").client
    ClientFactory(name="LARK")
    viewer = GroupAccessFactory(role="viewer").user

    assert duplicate_pairs(lead.user) == []
    assert twins_of(mine, lead.user) == []
    ClientFactory(name="LARK.", owner=lead.user)
    assert len(duplicate_pairs(lead.user)) == 1
    assert duplicate_pairs(viewer) == []


def test_a_switchboard_shared_by_many_is_no_sign():
    for _number in range(6):
        ContactFactory(phone="+49 30 1234567")
    assert duplicate_pairs(UserFactory(admin=True)) == []


def test_pair_that_somebody_told_apart_stays_away_until_recalled():
    user = UserFactory(admin=True)
    a, b = ClientFactory(name="Lark"), ClientFactory(name="lark")

    assert dismiss_pair(first=b, second=a, actor=user)
    assert not dismiss_pair(first=a, second=b, actor=user)
    assert duplicate_pairs(user) == []
    assert twins_of(a, user) == []
    assert recall_pair(first=a, second=b, actor=user)
    assert not recall_pair(first=a, second=b, actor=user)
    assert len(duplicate_pairs(user)) == 1
    with pytest.raises(ValidationError, match="two different"):
        dismiss_pair(first=a, second=a, actor=user)
    assert not NotDuplicate.objects.exists()


# Pages --------------------------------------------------------------------------------------------


@pytest.fixture
def pair(sign_in):
    """Two look-alikes that the person who is signed in leads."""
    member = MembershipFactory(client__name="<b>Lark</b>", client__city="Kiel")
    other = MembershipFactory(
        client_group=member.client_group, client__name="<b>LARK</b>", client__city="Bonn"
    )
    sign_in("lead", member.client_group)
    return member.client, other.client


def test_list_of_look_alikes_shows_why_and_leads_on(client, pair):
    kept, gone = pair

    page = client.get(url("duplicate_list")).content.decode()

    assert "same name" in page
    assert "<b>Lark" not in page
    assert url("client_merge", kept.pk, gone.pk) in page


def test_empty_list_of_look_alikes_says_so(client, sign_in):
    sign_in("outsider")
    assert "No two clients look alike" in client.get(url("duplicate_list")).content.decode()


def test_look_alikes_need_as_many_queries_for_three_as_for_one(client, sign_in, count_queries):
    sign_in("admin")

    def grow(name):
        ClientFactory(name=name)
        ClientFactory(name=f"{name} Ltd")

    grow("Larkfield")
    client.get(url("duplicate_list"))
    one = count_queries(lambda: client.get(url("duplicate_list")))
    grow("Northwind")
    grow("Bluebird")

    assert count_queries(lambda: client.get(url("duplicate_list"))) == one


def test_pair_is_told_apart_with_undo(client, pair):
    kept, gone = pair
    to = url("duplicate_list")

    response = client.post(url("duplicate_dismiss", kept.pk, gone.pk), {"next": to}, follow=True)

    assert "No two clients look alike" in response.content.decode()
    undo = url("duplicate_recall", kept.pk, gone.pk)
    assert undo in response.content.decode()
    response = client.post(undo, {"next": to}, follow=True)
    assert "same name" in response.content.decode()


def test_next_to_another_site_is_not_followed(client, pair):
    kept, gone = pair
    response = client.post(
        url("duplicate_dismiss", kept.pk, gone.pk), {"next": "https://evil.example/"}
    )
    assert response.url == url("client_list")


def test_client_page_offers_its_twin(client, pair):
    page = client.get(pair[0].get_absolute_url()).content.decode()
    panel = url("client_alike", pair[0].pk)
    assert f'hx-get="{panel}"' in page
    for headers in ({}, HTMX):
        shown = client.get(panel, headers=headers).content.decode()
        assert url("client_merge", pair[0].pk, pair[1].pk) in shown
    archive_client(client=pair[1], actor=pair[1].owner)
    assert "hidden" in client.get(panel, headers=HTMX).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_merge_page_puts_values_side_by_side(client, pair, headers):
    kept, gone = pair
    ContactFactory(client=kept, name="Mia <i>", email="m@x.example")
    ContactFactory(client=gone, name="Mia <i>", email="m@x.example")

    page = client.get(url("client_merge", kept.pk, gone.pk), headers=headers).content.decode()

    assert ("<html" in page) == (not headers)
    for text in ("Kiel", "Bonn", "1 contact", "People at both become one: Mia &lt;i&gt;"):
        assert text in page
    assert "<i>" not in page


def test_merge_by_form_redirects_and_is_undone_by_the_toast(client, pair):
    kept, gone = pair

    response = client.post(
        url("client_merge", kept.pk, gone.pk), {"field_city": "theirs"}, follow=True
    )

    kept.refresh_from_db()
    merge = ClientMerge.objects.get()
    assert kept.city == "Bonn"
    undo = url("client_merge_undo", kept.pk, merge.pk)
    assert undo in response.content.decode()
    assert client.get(gone.get_absolute_url()).url == kept.get_absolute_url()
    response = client.post(undo, follow=True)
    assert "stands by itself again" in response.content.decode()
    assert client.get(gone.get_absolute_url()).status_code == 200


def test_merge_of_equal_clients_asks_for_nothing(client, sign_in):
    user = sign_in("outsider")
    rows = [ClientFactory(owner=user, name="Lark", external_id=None) for _number in range(2)]

    response = client.post(url("client_merge", rows[0].pk, rows[1].pk))

    assert response.status_code == 302


def test_refused_merge_says_why_and_changes_nothing(client, pair):
    kept, gone = pair
    archive_client(client=gone, actor=gone.owner)
    MembershipFactory(client=gone, client_group=kept.memberships.get().client_group)

    response = client.post(url("client_merge", kept.pk, gone.pk), {"field_city": "mine"})

    assert response.status_code == 422
    assert "put away" in response.content.decode()


def test_refused_undo_says_why(client, pair):
    kept, gone = pair
    merge = merged(kept, gone)
    Client.objects.filter(pk=gone.pk).update(erased_at=timezone.now())

    response = client.post(url("client_merge_undo", kept.pk, merge.pk), follow=True)

    assert "was erased" in response.content.decode()


def test_merge_needs_the_right_on_both(client, sign_in):
    mine, theirs = MembershipFactory(), MembershipFactory()
    user = sign_in("lead", mine.client_group)
    address = url("client_merge", mine.client.pk, theirs.client.pk)

    assert client.get(address).status_code == 404
    GroupAccessFactory(client_group=theirs.client_group, user=user, role="member")
    assert client.get(address).status_code == 403
    assert (
        client.post(url("duplicate_dismiss", mine.client.pk, theirs.client.pk)).status_code == 403
    )
    assert client.get(url("client_merge", mine.client.pk, mine.client.pk)).status_code == 404


def test_another_client_is_found_by_typing(client, pair):
    kept, gone = pair
    Client.objects.filter(pk=gone.pk).update(name="Northwind")
    address = url("client_duplicates", kept.pk)

    assert "No other client" in client.get(address).content.decode()
    response = client.post(address, {"other": "", "other_text": "northw"})
    assert response.url == url("client_merge", kept.pk, gone.pk)
    response = client.post(address, {"other": "", "other_text": "nobody"})
    assert response.status_code == 422
    assert "No client fits" in response.content.decode()


def test_old_addresses_lead_to_the_last_of_a_chain(client, sign_in):
    user = sign_in("outsider")
    first, second, third = (ClientFactory(owner=user) for _number in range(3))
    merged(second, first)
    merged(third, second)

    assert client.get(first.get_absolute_url()).url == third.get_absolute_url()
