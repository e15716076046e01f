import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import AuditEvent
from clientgroups.models import Finding
from clientgroups.selectors.findings import group_panel, latest_share, with_shares
from clientgroups.services.findings import archive_finding, create_finding, update_finding
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory, MembershipFactory, PurchaseFactory
from tests.factories.value import ExchangeRateFactory, FindingFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"
FIELDS = {
    "title": "Shops ask for faster answers",
    "text": "12 of **15** owners.",
    "kind": "interview",
    "source": "15 interviews",
    "source_url": "https://example.org/study",
    "found_on": "2026-01-05",
    "confidence": "high",
    "market_size": "1,000,000",
    "currency": "cny",
    "period_from": "2025-01-01",
    "period_to": "2025-12-31",
}
SIZED = FIELDS | {"market_size": "1000000"}


def address(name, finding):
    return reverse(f"clientgroups:{name}", args=[finding.client_group_id, finding.pk])


def member(group, **fields):
    row = MembershipFactory(client_group=group, valid_from=dt.date(2024, 1, 1))
    PurchaseFactory(client=row.client, bought_on=dt.date(2025, 5, 5), **fields)


# Market share ------------------------------------------------------------------------------------


def test_market_share_is_own_sales_of_the_same_days_by_the_market():
    finding = FindingFactory(sized=True)
    member(finding.client_group, amount=50_000)
    PurchaseFactory(bought_on=dt.date(2025, 5, 5), amount=99_999)

    with_shares(finding.client_group, [finding])

    share = finding.market_share
    assert (share.share, share.own.total, share.market) == (Decimal("0.05"), 50_000, 1_000_000)
    assert (share.why, share.partial) == ("", False)


def test_market_in_another_currency_is_converted_by_the_rate_of_its_last_day():
    ExchangeRateFactory(valid_from=dt.date(2025, 1, 1), rate=7)
    ExchangeRateFactory(valid_from=dt.date(2025, 12, 31), rate=8)
    finding = FindingFactory(sized=True, currency="USD")
    member(finding.client_group, amount=80_000)

    with_shares(finding.client_group, [finding])

    assert finding.market_share.share == Decimal("0.01")


def test_market_share_is_unknown_without_rate_sale_or_size():
    group = ClientGroupFactory()
    plain = FindingFactory(client_group=group)
    no_rate = FindingFactory(client_group=group, sized=True, currency="GBP")
    no_sale = FindingFactory(client_group=group, sized=True, period_to=dt.date(2999, 1, 1))

    with_shares(group, [plain, no_rate, no_sale])

    assert plain.market_share is None
    assert (no_rate.market_share.share, no_sale.market_share.share) == (None, None)
    assert "no exchange rate" in no_rate.market_share.why
    assert "No sale" in no_sale.market_share.why
    assert no_sale.market_share.partial


def test_purchases_without_a_rate_are_named_beside_the_share():
    finding = FindingFactory(sized=True)
    member(finding.client_group, amount=10_000)
    member(finding.client_group, amount=10_000, currency="GBP")

    with_shares(finding.client_group, [finding])

    assert [(row.currency, row.n) for row in finding.market_share.own.missing] == [("GBP", 1)]


def test_panel_holds_the_latest_five_and_takes_few_queries(django_assert_num_queries):
    group = ClientGroupFactory()
    FindingFactory.create_batch(6, client_group=group, sized=True)
    FindingFactory(client_group=group, archived_at="2026-01-01T00:00Z")

    with django_assert_num_queries(4):
        panel = group_panel(group)

    assert (len(panel["findings"]), panel["more"]) == (5, True)
    assert group_panel(ClientGroupFactory())["more"] is False


def test_latest_share_is_that_of_the_latest_days():
    group = ClientGroupFactory()
    old = FindingFactory(
        client_group=group,
        sized=True,
        period_from=dt.date(2024, 1, 1),
        period_to=dt.date(2024, 12, 31),
    )
    new = FindingFactory(client_group=group, sized=True)

    assert latest_share(group, dt.date(2026, 1, 1)) == new
    assert latest_share(group, dt.date(2025, 1, 1)) == old
    assert latest_share(group, dt.date(2020, 1, 1)) is None


# Services ----------------------------------------------------------------------------------------


def test_same_form_twice_keeps_one_finding():
    actor, group, key = UserFactory(), ClientGroupFactory(), uuid.uuid4()
    fields = {"title": "A", "source": "B", "found_on": dt.date(2026, 1, 1)}

    first = create_finding(actor=actor, group=group, submission_key=key, **fields)
    again = create_finding(actor=actor, group=group, submission_key=key, **fields)

    assert first == again == Finding.objects.get()
    assert AuditEvent.objects.get().verb == "finding.created"


def test_finding_without_a_key_may_be_kept_by_code():
    fields = {"title": " A ", "source": "B"}

    finding = create_finding(actor=UserFactory(), group=ClientGroupFactory(), **fields)

    assert str(finding) == "A"


def test_change_is_recorded_once_and_size_taken_away_with_its_days():
    actor, finding = UserFactory(), FindingFactory(sized=True)

    update_finding(actor=actor, finding=finding, market_size=None, title=f" {finding.title} ")
    update_finding(actor=actor, finding=finding, market_size=None)

    finding.refresh_from_db()
    assert (finding.currency, finding.period_from, finding.period_to) == ("", None, None)
    changes = AuditEvent.objects.get().changes
    assert set(changes) == {"market_size", "currency", "period_from", "period_to"}
    assert changes["period_to"] == ["2025-12-31", None]


def test_putting_away_twice_and_back_is_recorded_once_each():
    actor, finding = UserFactory(), FindingFactory()

    for archived in (True, True, False, False):
        archive_finding(actor=actor, finding=finding, archived=archived)

    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["finding.archived", "finding.restored"]


@pytest.mark.parametrize(
    "fields",
    [
        {"market_size": 0},
        {"market_size": 5, "period_from": None},
        {"market_size": 5, "currency": ""},
        {"period_from": dt.date(2026, 1, 1), "period_to": dt.date(2025, 1, 1)},
    ],
)
def test_incomplete_market_is_refused_by_service_and_database(fields):
    finding = FindingFactory(sized=True)

    with pytest.raises(ValidationError):
        update_finding(actor=UserFactory(), finding=finding, **fields)
    with (
        pytest.raises(IntegrityError, match="finding_market_size_is_whole"),
        transaction.atomic(),
    ):
        FindingFactory(**{"sized": True} | fields)


# Pages -------------------------------------------------------------------------------------------


def test_lead_keeps_changes_puts_away_and_takes_back_a_finding(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    create = reverse("clientgroups:finding_create", args=[group.pk])
    key = client.get(create).context["form"]["submission_key"].value()

    for _ in range(2):
        response = client.post(create, SIZED | {"submission_key": key})
    finding = Finding.objects.get()
    assert response["Location"] == address("finding_detail", finding)
    assert (finding.market_size, finding.currency) == (1_000_000, "CNY")
    client.post(address("finding_edit", finding), SIZED | {"title": "Slower"})
    finding.refresh_from_db()
    assert finding.title == "Slower"
    response = client.post(address("finding_archive", finding), follow=True)
    listed = response.content.decode()
    assert address("finding_restore", finding) in listed
    assert "No findings yet" in listed
    archived = client.get(response.request["PATH_INFO"] + "?show=archived").content.decode()
    assert "Slower" in archived
    assert "Take it back" in client.get(address("finding_detail", finding)).content.decode()
    client.post(address("finding_restore", finding))
    finding.refresh_from_db()
    assert finding.archived_at is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"source": ""}, "source"),
        ({"source_url": "ftp://example.org/x"}, "source_url"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"found_on": "2999-01-01"}, "found_on"),
        ({"found_on": "yesterday"}, "found_on"),
        ({"currency": "Yuan"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"market_size": "0"}, "__all__"),
        ({"market_size": ""}, "market_size"),
        ({"market_size": "many"}, "market_size"),
        ({"period_from": ""}, "period_from"),
        ({"period_to": "2025-02-29"}, "period_to"),
        ({"period_to": "2024-12-31"}, "period_to"),
        ({"confidence": "sure"}, "confidence"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_nothing_typed_is_lost(
    client, sign_in, changes, field
):
    group = ClientGroupFactory()
    sign_in("lead", group)

    response = client.post(reverse("clientgroups:finding_create", args=[group.pk]), SIZED | changes)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "12 of **15** owners." in response.content.decode()
    assert not Finding.objects.exists()


def test_failed_edit_leaves_the_finding_as_it_was(client, sign_in):
    finding = FindingFactory(title="Old")
    sign_in("lead", finding)

    response = client.post(address("finding_edit", finding), SIZED | {"title": "", "source": "x"})

    assert response.status_code == 422
    assert "Old" in response.content.decode()
    finding.refresh_from_db()
    assert finding.source != "x"


def test_finding_shows_share_source_and_confidence(client, sign_in):
    finding = FindingFactory(
        sized=True, confidence="low", source_url="https://example.org/a", text="**bold**"
    )
    member(finding.client_group, amount=50_000)
    sign_in("viewer", finding)

    page = client.get(address("finding_detail", finding)).content.decode()

    assert "5.0%" in page
    assert "low confidence" in page
    assert "<strong>bold</strong>" in page
    assert "¥50,000" in page
    assert 'rel="noopener noreferrer nofollow"' in page
    assert "Put away" not in page


def test_finding_without_a_market_shows_a_dash(client, sign_in):
    finding = FindingFactory()
    sign_in("viewer", finding)

    page = client.get(address("finding_detail", finding)).content.decode()

    assert "says nothing about the size of the market" in page


def test_panel_is_a_fragment_and_the_list_a_page(client, sign_in):
    finding = FindingFactory(title=HOSTILE, source=HOSTILE, text=HOSTILE)
    sign_in("lead", finding)
    url = reverse("clientgroups:group_findings", args=[finding.client_group_id])

    panel = client.get(url, headers={"HX-Request": "true"}).content.decode()
    pages = [
        client.get(url).content.decode(),
        client.get(address("finding_detail", finding)).content.decode(),
    ]

    assert "<html" not in panel
    assert "Add a finding" in panel
    for text in (panel, *pages):
        assert HOSTILE not in text


def test_finding_of_another_group_is_not_found(client, sign_in):
    finding, other = FindingFactory(), ClientGroupFactory()
    sign_in("lead", other)

    for name in ("finding_detail", "finding_edit"):
        url = reverse(f"clientgroups:{name}", args=[other.pk, finding.pk])
        assert client.get(url).status_code == 404
