import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientgroups.models import Client, ClientHealth, HealthPolicy
from clientgroups.selectors.health import DRIVERS, Driver, register_driver
from clientgroups.services.health import rescore
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
    PurchaseFactory,
)
from tests.factories.feedback import ResponseFactory
from tests.factories.touches import (
    ClientHealthFactory,
    InteractionFactory,
    RequestFactory,
    TouchPlanFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def ago(days):
    return NOON - dt.timedelta(days=days)


def drivers_of(client, as_of=TODAY):
    """Points per driver as they were worked out; a lone driver gives no figure, but a row."""
    PurchaseFactory(client=client, bought_on=dt.date(2020, 1, 1))  # engagement: never alone
    rescore(clients=[client.pk], as_of=as_of)
    latest = client.health_history.first()
    return {one["key"]: one for one in latest.drivers} if latest else {}


def points(client, key):
    found = drivers_of(client).get(key)
    return found and found["points"]


def buy(client, *days):
    for each in days:
        PurchaseFactory(client=client, bought_on=TODAY - dt.timedelta(days=each))


# Drivers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ([0, 30, 60], 100),
        ([30, 60, 90], 100),
        ([45, 75, 105], 75),
        ([60, 90, 120], 50),
        ([90, 120, 150], 0),
        ([300, 330, 360], 0),
        ([30, 60], None),
        ([], None),
    ],
)
def test_recency_compares_with_the_clients_own_rhythm(days, wanted):
    client = ClientFactory(stage="loyal")
    buy(client, *days)

    assert points(client, "recency") == wanted


def test_purchases_of_one_day_are_one_day_of_the_rhythm():
    client = ClientFactory(stage="loyal")
    buy(client, 0, 0, 0, 30, 60)

    assert drivers_of(client)["recency"]["found"] == {"last_on": "2026-11-23", "every": 30}


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ([10, 200, 210], 50),
        ([10, 20, 30, 200], 100),
        ([200, 210, 220], 0),
        ([10, 20, 200], 100),
        ([10, 200], None),
        ([400, 410, 420], None),
    ],
)
def test_trend_compares_two_half_years(days, wanted):
    client = ClientFactory(stage="loyal")
    buy(client, *days)

    assert points(client, "trend") == wanted


@pytest.mark.parametrize(("kinds", "wanted"), [(["visit"], 40), (["visit"] * 3, 100)])
def test_engagement_gives_all_points_when_it_is_full(kinds, wanted):
    client = ClientFactory(stage="loyal")
    for kind in kinds:
        InteractionFactory(client=client, kind=kind, happened_at=NOON)

    assert points(client, "engagement") == wanted


@pytest.mark.parametrize(("days", "wanted"), [(5, 100), (30, 100), (45, 50), (60, 0), (200, 0)])
def test_touch_plan_takes_points_for_each_late_day(days, wanted):
    plan = TouchPlanFactory(every_days=30)
    client = MembershipFactory(client_group=plan.client_group).client
    InteractionFactory(client=client, happened_at=ago(days))

    assert points(client, "touch") == wanted


def test_client_without_a_plan_has_no_driver_for_it():
    assert points(MembershipFactory().client, "touch") is None


@pytest.mark.parametrize(
    ("requests", "wanted"),
    [
        ([{"status": "new"}], 90),
        ([{"status": "new", "resolution_due_at": ago(1)}], 60),
        ([{"status": "new", "first_answer_due_at": ago(1)}], 60),
        ([{"status": "open", "first_answer_due_at": ago(2), "first_answered_at": ago(3)}], 90),
        ([{"status": "waiting", "paused_at": ago(1), "resolution_due_at": ago(1)}], 90),
        ([{"status": "closed", "resolved_at": ago(1)}], 100),
        ([{"status": "new", "resolution_due_at": ago(1)}] * 3, 0),
        ([{"status": "closed", "resolved_at": ago(380), "opened_at": ago(400)}], None),
        ([{"status": "new", "opened_at": ago(400)}], 90),
        ([], None),
    ],
)
def test_open_and_late_requests_take_points(requests, wanted):
    client = ClientFactory(stage="loyal")
    for fields in requests:
        RequestFactory(client=client, **{"opened_at": ago(1)} | fields)

    assert points(client, "requests") == wanted


@pytest.mark.parametrize(("rating", "wanted"), [(1, 0), (3, 50), (5, 100)])
def test_last_rating_of_a_request_counts(rating, wanted):
    client = ClientFactory(stage="loyal")
    closed = {"client": client, "status": "closed", "resolved_at": ago(2)}
    RequestFactory(rating=rating, rated_at=ago(1), **closed)
    RequestFactory(rating=2, rated_at=ago(9), **closed)
    RequestFactory(**closed)

    assert points(client, "rating") == wanted


@pytest.mark.parametrize(
    ("stage", "wanted"), [("potential", None), ("existing", 70), ("loyal", 100), ("lapsed", 0)]
)
def test_lifecycle_stage_counts(stage, wanted):
    assert points(ClientFactory(stage=stage), "stage") == wanted


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [
        ({"nps": 10}, 100),
        ({"csat": 3}, 50),
        ({"ces": 1}, 0),
        ({"nps": 8, "csat": 2}, 53),
        ({"text": "Fine"}, None),
    ],
)
def test_latest_survey_answer_counts(scores, wanted):
    response = ResponseFactory(responded_on=TODAY, submitted_at=NOON, scores=scores)
    Client.objects.filter(pk=response.client_id).update(stage="loyal")

    assert points(response.client, "survey") == wanted


def test_latest_answer_with_a_score_counts_and_an_old_one_does_not():
    contact = ResponseFactory(responded_on=TODAY, submitted_at=NOON, scores={"text": "Hm"}).contact
    day = TODAY - dt.timedelta(days=9)
    more = {"contact": contact, "survey__client_group": ClientGroupFactory()}
    ResponseFactory(responded_on=day, submitted_at=ago(9), scores={"nps": 4}, **more)
    old = TODAY - dt.timedelta(days=500)
    ResponseFactory(responded_on=old, submitted_at=ago(500), scores={"nps": 10}, **more)

    assert drivers_of(contact.client)["survey"]["found"] == {"on": day.isoformat(), "scores": 1}
    assert points(contact.client, "survey") == 40


# The mean -----------------------------------------------------------------------------------------


def slow_health(found, policy):
    """The weighed mean over the drivers that say something; at least two."""
    known = [(one["points"], getattr(policy, key)) for key, one in found.items()]
    known = [(value, weight) for value, weight in known if weight]
    if len(known) < 2:
        return None
    return sum(value * weight for value, weight in known) / sum(weight for _v, weight in known)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bought=st.lists(st.integers(0, 700), max_size=8),
    talks=st.lists(st.integers(0, 400), max_size=4),
    stage=st.sampled_from(["potential", "existing", "loyal", "lapsed"]),
    weights=st.fixed_dictionaries({key: st.integers(0, 100) for key in ("recency", "engagement")}),
)
def test_health_is_the_weighed_mean_of_what_is_known(bought, talks, stage, weights):
    with transaction.atomic():
        policy = HealthPolicy.objects.create(pk=1, **weights)
        client = ClientFactory(stage=stage)
        buy(client, *bought)
        for days in talks:
            InteractionFactory(client=client, happened_at=ago(days))

        rescore(clients=[client.pk], as_of=TODAY)

        client.refresh_from_db()
        latest = client.health_history.first()
        found = {one["key"]: one for one in latest.drivers} if latest else {}
        wanted = slow_health(found, policy)
        if wanted is None:
            assert client.health is None
        else:
            assert client.health == pytest.approx(wanted, abs=1)
            assert 0 <= client.health <= 100
        assert all(one["weight"] == getattr(policy, key) for key, one in found.items())
        transaction.set_rollback(True)


def test_single_driver_is_too_little_for_a_figure():
    client = ClientFactory(stage="loyal")

    rescore(clients=[client.pk], as_of=TODAY)

    client.refresh_from_db()
    assert (client.health, client.health_as_of) == (None, TODAY)
    assert not client.health_history.exists()


def test_driver_of_a_higher_app_is_asked():
    always = Driver(
        "rating", "Always", "star",
        "SELECT c.id, 0, '{}'::jsonb FROM clientgroups_client c WHERE {only}", "c.id",
        str, str,
    )  # fmt: skip
    before = DRIVERS["rating"]
    register_driver(always)
    try:
        client = ClientFactory(stage="loyal")
        rescore(clients=[client.pk], as_of=TODAY)
    finally:
        DRIVERS["rating"] = before

    client.refresh_from_db()
    assert client.health == 33


def test_drivers_are_those_of_this_app_and_of_feedback():
    assert sorted(DRIVERS) == [
        "engagement", "rating", "recency", "requests", "stage", "survey", "touch", "trend"
    ]  # fmt: skip


# History ------------------------------------------------------------------------------------------


def healthy(stage="loyal"):
    client = ClientFactory(stage=stage)
    InteractionFactory(client=client, kind="visit", happened_at=NOON)
    return client


def test_history_has_a_row_only_where_the_figure_changed():
    client = healthy()
    for _turn in range(2):
        rescore(clients=[client.pk], as_of=TODAY)
    first = ClientHealth.objects.get()

    Client.objects.filter(pk=client.pk).update(stage="lapsed")
    rescore(clients=[client.pk], as_of=TODAY + dt.timedelta(days=1))

    rows = list(client.health_history.values_list("as_of", "score"))
    assert rows == [(TODAY + dt.timedelta(days=1), 32), (TODAY, first.score)]
    assert first.score == 52


def test_reasons_of_an_unchanged_figure_are_renewed_in_place():
    client = healthy()
    rescore(clients=[client.pk], as_of=TODAY)
    before = ClientHealth.objects.get()
    ClientHealth.objects.update(drivers=[])

    rescore(clients=[client.pk], as_of=TODAY)

    after = ClientHealth.objects.get()
    assert (after.pk, after.drivers) == (before.pk, before.drivers)


def test_figure_that_is_no_longer_known_is_written_as_unknown():
    client = ClientFactory(health=50)

    rescore(clients=[client.pk], as_of=TODAY)

    assert list(client.health_history.values_list("score", "drivers")) == [(None, [])]


def test_history_is_unique_per_day_and_within_the_scale():
    row = ClientHealthFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        ClientHealthFactory(client=row.client, as_of=row.as_of)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClientHealthFactory(score=101)
