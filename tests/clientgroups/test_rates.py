import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.admin.sites import site
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import AuditEvent
from clientgroups.admin.value import ValuePolicyForm
from clientgroups.models import ExchangeRate, Purchase, ValuePolicy
from clientgroups.selectors.rates import (
    LeftOut,
    in_base,
    in_base_sql,
    left_out_of,
    sum_left_out,
    value_policy,
)
from clientgroups.selectors.value_scope import rows_of
from clientgroups.services.rates import delete_rate, save_rate, save_value_policy
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory, PurchaseFactory
from tests.factories.value import ExchangeRateFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 1)


def worth(purchase):
    return Purchase.objects.annotate(worth=in_base()).get(pk=purchase.pk).worth


def worth_by_sql(purchase):
    sql = in_base_sql("p.amount", "p.currency", "p.bought_on")
    query = f"SELECT {sql} FROM clientgroups_purchase p WHERE p.id = %(pk)s"  # noqa: S608
    return rows_of(query, {"pk": purchase.pk})[0][0]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2025, 12, 31), None),
        (dt.date(2026, 1, 1), Decimal(700)),
        (dt.date(2026, 2, 27), Decimal(700)),
        (dt.date(2026, 2, 28), Decimal(800)),
        (dt.date(2027, 1, 1), Decimal(800)),
    ],
)
def test_amount_is_converted_by_the_latest_rate_on_or_before_its_day(day, expected):
    ExchangeRateFactory(valid_from=dt.date(2026, 1, 1), rate=7)
    ExchangeRateFactory(valid_from=dt.date(2026, 2, 28), rate=8)
    ExchangeRateFactory(currency="EUR", valid_from=dt.date(2020, 1, 1), rate=99)
    ExchangeRateFactory(base="EUR", valid_from=dt.date(2020, 1, 1), rate=99)
    purchase = PurchaseFactory(currency="USD", amount=100, bought_on=day)

    assert worth(purchase) == expected
    assert worth_by_sql(purchase) == expected


def test_base_currency_needs_no_rate_and_follows_the_policy():
    purchase = PurchaseFactory(currency="CNY", amount=5)
    assert (worth(purchase), worth_by_sql(purchase)) == (5, 5)

    ValuePolicy.objects.create(pk=1, base_currency="EUR")

    assert worth(purchase) is None
    assert worth_by_sql(purchase) is None


def test_left_out_names_currency_number_and_days():
    PurchaseFactory(currency="CNY")
    PurchaseFactory(currency="JPY", bought_on=DAY)
    for n in (1, 2):
        PurchaseFactory(currency="GBP", bought_on=DAY + dt.timedelta(days=n))

    assert left_out_of(Purchase.objects.all()) == [
        LeftOut("GBP", 2, DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)),
        LeftOut("JPY", 1, DAY, DAY),
    ]


def test_left_out_is_added_up_by_currency():
    rows = [LeftOut("EUR", 1), LeftOut("USD", 2), LeftOut("EUR", 4), LeftOut("GBP", 0)]

    assert sum_left_out(rows) == [LeftOut("EUR", 5), LeftOut("USD", 2)]


def test_policy_without_a_row_has_the_defaults():
    assert value_policy().base_currency == "CNY"
    assert not ValuePolicy.objects.exists()


# Writing -----------------------------------------------------------------------------------------


def stale():
    return ValuePolicy.objects.get(pk=1).stale_at is not None


def test_saving_a_rate_has_scores_and_rules_worked_out_and_is_recorded():
    actor, group = UserFactory(admin=True), ClientGroupFactory(dynamic=True)
    rate = ExchangeRateFactory.build(currency="usd ", base="cny")

    save_rate(actor=actor, rate=rate)

    group.refresh_from_db()
    assert (rate.currency, rate.base) == ("USD", "CNY")
    assert stale()
    assert group.stale_at
    event = AuditEvent.objects.get()
    assert (event.verb, event.changes["rate"]) == ("rate.saved", [None, "7"])


def test_saving_a_rate_as_it_stands_changes_nothing():
    actor, rate = UserFactory(), ExchangeRateFactory()

    save_rate(actor=actor, rate=ExchangeRate.objects.get(pk=rate.pk))

    assert not AuditEvent.objects.exists()
    assert not ValuePolicy.objects.exists()


def test_changing_a_rate_records_only_what_changed():
    actor, rate = UserFactory(), ExchangeRateFactory()
    rate.rate = Decimal("7.5")

    save_rate(actor=actor, rate=rate)

    assert AuditEvent.objects.get().changes == {"rate": ["7.00000000", "7.5"]}


@pytest.mark.parametrize(
    "fields", [{"rate": 0}, {"currency": "CNY"}, {"currency": "dollar"}, {"rate": -1}]
)
def test_bad_rate_is_refused(fields):
    with pytest.raises(ValidationError):
        save_rate(actor=UserFactory(), rate=ExchangeRateFactory.build(**fields))

    assert not ExchangeRate.objects.exists()


def test_second_rate_of_a_day_is_refused():
    ExchangeRateFactory()

    with pytest.raises(ValidationError, match="from that day already"):
        save_rate(actor=UserFactory(), rate=ExchangeRateFactory.build())


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rate": 0}, "exchangerate_above_zero"),
        ({"currency": "CNY"}, "exchangerate_two_currencies"),
    ],
)
def test_database_refuses_a_bad_rate(fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ExchangeRateFactory(**fields)


def test_database_refuses_a_second_rate_of_a_day():
    ExchangeRateFactory()

    with pytest.raises(IntegrityError, match="exchangerate_once_a_day"), transaction.atomic():
        ExchangeRateFactory()


def test_deleting_a_rate_twice_is_recorded_once():
    actor, rate = UserFactory(), ExchangeRateFactory()
    copy = ExchangeRate.objects.get(pk=rate.pk)

    delete_rate(actor=actor, rate=rate)
    delete_rate(actor=actor, rate=copy)

    assert AuditEvent.objects.get().verb == "rate.deleted"
    assert stale()


def test_policy_is_saved_once_and_has_scores_follow_it():
    actor = UserFactory()
    policy = value_policy()
    policy.base_currency = "eur"

    save_value_policy(actor=actor, policy=policy)
    save_value_policy(actor=actor, policy=policy)

    again = value_policy()
    again.few_clients = 30
    save_value_policy(actor=actor, policy=again)
    assert value_policy().base_currency == "EUR"
    assert AuditEvent.objects.latest("pk").changes == {"few_clients": [50, 30]}
    assert AuditEvent.objects.earliest("pk").changes == {"base_currency": ["CNY", "EUR"]}
    assert AuditEvent.objects.count() == 2
    assert stale()


def test_database_keeps_one_policy():
    with pytest.raises(IntegrityError, match="valuepolicy_one_row"), transaction.atomic():
        ValuePolicy.objects.create(pk=2)


# The pages of administrators ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "fine"),
    [
        ([], True),
        ([2, 4, 8, 16], True),
        ([2.5, 4, 8, 16], True),
        ([16, 8, 4, 2], False),
        ([2, 4, 8], False),
        ([2, 2, 4, 8], False),
        (["a", "b", "c", "d"], False),
        ([True, 2, 3, 4], False),
        ({"a": 1}, False),
    ],
)
def test_bounds_are_four_numbers_in_order_or_none(bounds, fine):
    data = {
        "base_currency": "CNY",
        "window_months": 24,
        "few_clients": 50,
        "active_months": 12,
        "frequency_bounds": bounds,
        "recency_bounds": bounds[::-1] if isinstance(bounds, list) else bounds,
        "monetary_bounds": bounds,
    }
    form = ValuePolicyForm(
        {
            name: repr(v).replace("'", '"').replace("True", "true")
            if isinstance(v, list | dict)
            else v
            for name, v in data.items()
        },
        instance=ValuePolicy(pk=1),
    )

    assert form.is_valid() is fine
    assert fine or set(form.errors) == {
        "frequency_bounds",
        "recency_bounds",
        "monetary_bounds",
    }


def test_administrator_adds_changes_and_deletes_rates(client, sign_in):
    sign_in("admin", is_superuser=True)
    base = "admin:clientgroups_exchangerate"
    data = {"currency": "USD", "base": "CNY", "valid_from": "2026-01-01", "rate": "7.1"}

    assert client.post(reverse(f"{base}_add"), data | {"source": "Bank"}).status_code == 302
    rate = ExchangeRate.objects.get()
    assert (
        client.post(reverse(f"{base}_change", args=[rate.pk]), data | {"rate": "7.2"}).status_code
        == 302
    )
    rate.refresh_from_db()
    assert rate.rate == Decimal("7.2")
    assert (
        client.post(reverse(f"{base}_delete", args=[rate.pk]), {"post": "yes"}).status_code == 302
    )
    ExchangeRateFactory()
    admin = site.get_model_admin(ExchangeRate)
    request = type("Request", (), {"user": UserFactory()})
    admin.delete_queryset(request, ExchangeRate.objects.all())

    assert not ExchangeRate.objects.exists()
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert [verb for verb in verbs if verb.startswith("rate")] == [
        "rate.saved",
        "rate.saved",
        "rate.deleted",
        "rate.deleted",
    ]


def test_administrator_changes_the_policy(client, sign_in):
    sign_in("admin", is_superuser=True)
    data = {"base_currency": "USD", "window_months": 12, "few_clients": 10, "active_months": 6}
    empty = dict.fromkeys(["recency_bounds", "frequency_bounds", "monetary_bounds"], "[]")

    response = client.post(reverse("admin:clientgroups_valuepolicy_add"), data | empty)

    assert response.status_code == 302
    assert value_policy().window_months == 12


# The page of managers ----------------------------------------------------------------------------


def test_manager_sees_rates_and_what_is_missing(client, sign_in):
    user = sign_in("manager")
    ExchangeRateFactory(source="Central bank")
    PurchaseFactory(currency="GBP", bought_on=DAY, client__owner=user)
    PurchaseFactory(currency="CHF", bought_on=DAY)

    page = client.get(reverse("clientgroups:rate_list")).content.decode()

    assert "Central bank" in page
    assert "missing=GBP" in page
    assert "CHF" not in page
    assert "start=2026-03-01" in page


def test_rate_page_says_when_nothing_is_missing(client, sign_in):
    sign_in("manager")

    page = client.get(reverse("clientgroups:rate_list")).content.decode()

    assert "Every purchase has a rate." in page
    assert "No rates yet" in page
