"""What pages and merges do where little, or something unusual, is known."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import ClientSilence, CustomField, RequestType, RfmScore, ServiceRequest
from clientgroups.selectors.merges import choices_between, what_moves
from clientgroups.services import merge_rows
from clientgroups.services.merge_journal import Journal
from clientgroups.services.personal import as_csv
from clientgroups.services.personal_scrub import scrub_rows
from notifications.models import Message
from tests.factories.clientgroups import ClientFactory, ContactFactory, MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("site", "link"),
    [
        ("lark.example", 'href="https://lark.example"'),
        ("HTTP://lark.example/a", 'href="HTTP://lark.example/a"'),
        ("javascript:alert(1)", 'href="https://javascript:alert(1)"'),
    ],
)
def test_website_is_a_link_that_leads_to_a_site(client, sign_in, site, link):
    row = ClientFactory(owner=sign_in("outsider"), website=site)
    assert link in client.get(row.get_absolute_url()).content.decode()


def test_late_requests_and_silence_stand_first(client, sign_in):
    row = ClientFactory(owner=sign_in("outsider"))
    ContactFactory(client=row)
    past = timezone.now() - dt.timedelta(days=3)
    ServiceRequest.objects.create(
        client=row,
        type=RequestType.objects.create(name="Question of a test"),
        subject="Where is it?",
        opened_at=past,
        resolution_due_at=past,
        token="t",
    )
    today = timezone.localdate()
    ClientSilence.objects.create(
        client=row, last_on=today - dt.timedelta(days=90), usual_days=7, since=today
    )

    page = client.get(row.get_absolute_url()).content.decode()

    assert "Past its service level." in page
    assert "Unusually quiet" in page


def test_put_away_client_page_offers_to_take_it_back(client, sign_in):
    row = ClientFactory(owner=sign_in("outsider"), archived_at=timezone.now())
    page = client.get(row.get_absolute_url()).content.decode()
    assert reverse("clientgroups:client_restore", args=[row.pk]) in page
    assert reverse("clientgroups:client_alike", args=[row.pk]) not in page


def test_place_and_tags_of_a_line(client, sign_in):
    ClientFactory(owner=sign_in("outsider"), city="Kiel", country="Germany", health=None)
    page = client.get(reverse("clientgroups:client_list")).content.decode()
    assert "Kiel, Germany" in page


def test_merge_asks_only_where_both_say_something_else():
    CustomField.objects.create(key="size", label="Size", kind="number")
    CustomField.objects.create(key="rest", label="Rest")
    kept = ClientFactory(name="A", city="Kiel", custom={"size": 1})
    gone = ClientFactory(name="A", city="", custom={"size": 2}, owner=kept.owner)

    asked, settled = choices_between(kept, gone)

    assert [choice.key for choice in asked] == ["external_id", "size"]
    assert [choice.mine for choice in settled] == ["A", "Organisation", str(kept.owner), "Kiel"]
    assert what_moves(kept, gone) == "“A” has no further rows."


def test_rows_that_an_unforeseen_rule_refuses_stay_one_by_one(monkeypatch):
    kept, gone = ClientFactory(), ClientFactory()
    score = {
        "as_of": "2026-01-01",
        "recency": 1,
        "frequency": 1,
        "monetary": 1,
        "currency": "CNY",
        "r": 1,
        "f": 1,
        "m": 1,
        "segment": "new",
    }
    for row in (kept, gone):
        RfmScore.objects.create(client=row, **score)
    monkeypatch.setattr(merge_rows, "_clashes", lambda *_args: [])
    journal = Journal(kept.pk, gone.pk)

    merge_rows.move_rows(journal, RfmScore, "client_id", gone.pk, kept.pk)

    assert journal.steps == []
    assert RfmScore.objects.filter(client=gone).exists()
    RfmScore.objects.filter(client=kept).delete()
    row = MembershipFactory(client=gone)
    merge_rows.move_rows(journal, type(row), "client_id", gone.pk, kept.pk)
    assert journal.size() == 1


def test_journal_passes_over_rows_that_are_gone():
    row = ContactFactory()
    journal = Journal(1, 2)
    journal.edit(row, name="New")
    journal.edit(row, name="New")
    row.delete()

    assert journal.take_back() == 1


def test_unusual_values_are_written_as_text():
    assert "{1}" in as_csv([{"a": {"b": {1}}}])
    assert as_csv([]).strip("\ufeff\r\n") == ""


def test_nothing_to_look_for_changes_nothing():
    assert scrub_rows(Message.objects.all(), ["subject"], ["ab"]) == 0
