import datetime as dt
import math
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientgroups.models import (
    ClientSilence,
    EngagementPolicy,
    HealthPolicy,
)
from clientgroups.selectors.engagement import SOURCES, TOUCHES, weights_of
from clientgroups.services import health
from clientgroups.services.engagement import Scope, collect_facts
from clientgroups.services.health import rescore, score_health
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    LifecycleChangeFactory,
    PurchaseFactory,
)
from tests.factories.feedback import ResponseFactory
from tests.factories.touches import (
    ActivityInvitationFactory,
    InteractionFactory,
    RequestFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def ago(days):
    return NOON - dt.timedelta(days=days)


def figures(client):
    client.refresh_from_db()
    return client.engagement, client.last_touch_on


# One event of each kind ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "weight"), [("call", 3), ("visit", 6), ("email", 1), ("chat", 1), ("meeting", 5)]
)
def test_touch_of_today_counts_its_weight(kind, weight):
    touch = InteractionFactory(kind=kind, happened_at=NOON)

    rescore(clients=[touch.client_id], as_of=TODAY)

    assert figures(touch.client) == (weight, TODAY)


def test_touch_of_one_half_life_ago_counts_half():
    touch = InteractionFactory(kind="call", happened_at=ago(90))

    rescore(clients=[touch.client_id], as_of=TODAY)

    assert figures(touch.client) == (1.5, dt.date(2026, 8, 25))


def test_events_add_up():
    client = ClientFactory()
    InteractionFactory(client=client, kind="call", happened_at=NOON)
    PurchaseFactory(client=client, bought_on=TODAY - dt.timedelta(days=180))

    rescore(clients=[client.pk], as_of=TODAY)

    assert figures(client)[0] == pytest.approx(3 + 4 * 0.25)


def test_client_without_any_event_has_no_figure_rather_than_zero():
    client = ClientFactory(engagement=3.0)

    rescore(clients=[client.pk], as_of=TODAY)

    assert figures(client) == (None, None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: InteractionFactory(client=c, kind="note"),
        lambda c: InteractionFactory(client=c, deleted_at=NOON),
        lambda c: InteractionFactory(client=c, happened_at=NOON + dt.timedelta(days=2)),
        lambda c: PurchaseFactory(client=c, amount=Decimal("-5.00"), bought_on=TODAY),
        lambda c: ActivityInvitationFactory(contact=ContactFactory(client=c)),
        lambda c: ActivityInvitationFactory(
            contact=ContactFactory(client=c), answer="declined", answered_at=NOON
        ),
    ],
)
def test_what_does_not_count_leaves_no_figure(spoil):
    client = ClientFactory()
    spoil(client)

    rescore(clients=[client.pk], as_of=TODAY)

    assert figures(client) == (None, None)


def test_survey_answer_counts_but_is_no_touch():
    response = ResponseFactory(responded_on=TODAY, submitted_at=NOON)

    rescore(clients=[response.client_id], as_of=TODAY)

    assert figures(response.client) == (3, None)


def test_request_counts_but_is_no_touch():
    request = RequestFactory(opened_at=NOON)

    rescore(clients=[request.client_id], as_of=TODAY)

    assert figures(request.client) == (2, None)


def test_attended_activity_counts_and_is_a_touch_on_its_day():
    invitation = ActivityInvitationFactory(
        attended=True, answer="accepted", answered_at=ago(10), activity__starts_at=ago(4)
    )

    rescore(clients=[invitation.client_id], as_of=TODAY)

    engagement, last = figures(invitation.client)
    assert engagement == pytest.approx(5 * 0.5 ** (4 / 90) + 0.5 ** (10 / 90))
    assert last == TODAY - dt.timedelta(days=4)


def test_weight_of_zero_leaves_a_kind_out_of_engagement_and_not_out_of_touches():
    EngagementPolicy.objects.create(pk=1, call=0)
    touch = InteractionFactory(kind="call", happened_at=NOON)

    rescore(clients=[touch.client_id], as_of=TODAY)

    assert figures(touch.client) == (None, TODAY)


def test_policy_decides_weights_and_half_life():
    EngagementPolicy.objects.create(pk=1, call=8, half_life_days=10)
    touch = InteractionFactory(kind="call", happened_at=ago(20))

    rescore(clients=[touch.client_id], as_of=TODAY)

    assert figures(touch.client)[0] == 2


def test_very_old_event_does_not_break_the_figure():
    EngagementPolicy.objects.create(pk=1, half_life_days=1)
    purchase = PurchaseFactory(bought_on=dt.date(2015, 1, 1))

    rescore(clients=[purchase.client_id], as_of=TODAY)

    assert figures(purchase.client)[0] < 1e-200


# Against a slow reference -------------------------------------------------------------------------

KINDS = [*TOUCHES, "note", "accepted", "survey", "request", "purchase", "refund"]
EVENTS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(KINDS), st.integers(-3, 900)), max_size=25
)


def write(client, kind, days):
    at, day = ago(days), TODAY - dt.timedelta(days=days)
    if kind in ("purchase", "refund"):
        PurchaseFactory(client=client, bought_on=day, amount=1 if kind == "purchase" else -1)
    elif kind == "request":
        RequestFactory(client=client, opened_at=at)
    elif kind == "survey":
        ResponseFactory(client=client, responded_on=day, submitted_at=at)
    elif kind == "accepted":
        ActivityInvitationFactory(
            contact=ContactFactory(client=client), answer="accepted", answered_at=at, sent_at=at
        )
    elif kind == "attended":
        ActivityInvitationFactory(
            contact=ContactFactory(client=client), attended=True, activity__starts_at=at
        )
    else:
        InteractionFactory(client=client, kind=kind, happened_at=at)


def slow_engagement(events, policy):
    """The sum as it is written in the docs, event by event."""
    weights = weights_of(policy)
    told = [(weights[kind], days) for kind, days in events if kind in weights and days >= 0]
    if not any(weight for weight, _days in told):
        return None
    terms = (w * 0.5 ** min(days / policy.half_life_days, 1000) for w, days in told)
    return math.fsum(terms)


def slow_last_touch(events):
    days = [days for kind, days in events if kind in TOUCHES and days >= 0]
    return TODAY - dt.timedelta(days=min(days)) if days else None


def slow_silence(events, policy):
    """(last sign, since) of a client who is silent on the day; None otherwise."""
    signs = sorted({d for k, d in events if d >= 0 and k not in ("note", "refund")})
    habit = [days for days in signs if days < 730]
    if len(habit) < 4:
        return None
    usual = (habit[-1] - habit[0]) / (len(habit) - 1)
    last = TODAY - dt.timedelta(days=signs[0])
    since = last + dt.timedelta(
        days=math.ceil(max(usual * policy.silent_after, policy.silent_days)) + 1
    )
    return (last, since) if since <= TODAY else None


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=EVENTS, half_life=st.sampled_from([1, 30, 90, 365]), call=st.sampled_from([0, 3]))
def test_engagement_equals_the_slow_reference(events, half_life, call):
    with transaction.atomic():
        policy = EngagementPolicy.objects.create(pk=1, half_life_days=half_life, call=call)
        clients = [ClientFactory() for _number in range(3)]
        for number, kind, days in events:
            write(clients[number], kind, days)

        health._score(Scope(first=clients[0].pk, last=clients[2].pk), TODAY)

        for number, client in enumerate(clients):
            own = [(kind, days) for n, kind, days in events if n == number]
            wanted = slow_engagement(own, policy)
            engagement, last = figures(client)
            assert engagement == (None if wanted is None else pytest.approx(wanted, rel=1e-9))
            assert last == slow_last_touch(own)
            silence = ClientSilence.objects.filter(client=client).first()
            found = silence and (silence.last_on, silence.since)
            weighed = [(k, d) for k, d in own if call or k != "call"]
            assert found == slow_silence(weighed, HealthPolicy())
        transaction.set_rollback(True)


def test_one_client_and_all_clients_give_the_same_figures():
    clients = [ClientFactory() for _number in range(4)]
    for number, client in enumerate(clients):
        InteractionFactory(client=client, happened_at=ago(number * 10))
        PurchaseFactory(client=client, bought_on=TODAY - dt.timedelta(days=number * 20))

    score_health(as_of=TODAY)
    together = [figures(client) for client in clients]
    for client in clients:
        rescore(clients=[client.pk], as_of=TODAY)

    assert [figures(client) for client in clients] == together


# Every source is known ----------------------------------------------------------------------------


def test_sources_are_those_of_this_app_and_of_feedback():
    assert sorted(SOURCES) == [
        "accepted", "attended", "interaction", "purchase", "request", "survey"
    ]  # fmt: skip


def test_facts_can_be_collected_twice_in_a_transaction():
    client = InteractionFactory(happened_at=NOON).client
    for _turn in range(2):
        collect_facts(scope=Scope(ids=(client.pk,)), as_of=TODAY, policy=EngagementPolicy())

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM care_facts")
        assert cursor.fetchone() == (1,)


# The nightly run ----------------------------------------------------------------------------------


def test_nightly_run_writes_figures_once_and_those_of_new_clients_later():
    InteractionFactory(happened_at=NOON)
    ClientFactory()

    assert [score_health(as_of=TODAY), score_health(as_of=TODAY)] == [2, 0]
    ClientFactory()
    assert score_health(as_of=TODAY) == 1
    assert score_health(as_of=TODAY + dt.timedelta(days=1)) == 0


def test_nightly_run_leaves_alone_what_has_faded_by_less_than_a_twentieth():
    client = InteractionFactory(kind="call", happened_at=NOON).client
    score_health(as_of=TODAY)

    score_health(as_of=TODAY + dt.timedelta(days=6))
    assert figures(client)[0] == 3
    score_health(as_of=TODAY + dt.timedelta(days=7))
    assert figures(client)[0] == pytest.approx(3 * 0.5 ** (7 / 90))

    rescore(clients=[client.pk], as_of=TODAY + dt.timedelta(days=8))
    assert figures(client)[0] == pytest.approx(3 * 0.5 ** (8 / 90))


def test_run_over_new_clients_looks_at_no_others():
    scored = InteractionFactory(happened_at=NOON).client
    score_health(as_of=TODAY)
    InteractionFactory(client=scored, happened_at=NOON)
    first = ClientFactory()

    assert score_health(as_of=TODAY, only_new=True) == 1
    first.refresh_from_db()
    assert first.health_as_of == TODAY
    assert figures(scored)[0] == 3


def test_nightly_run_works_in_portions(monkeypatch):
    monkeypatch.setattr(health, "PORTION", 2)
    clients = [InteractionFactory(happened_at=NOON).client for _number in range(5)]

    assert score_health(as_of=TODAY) == 5

    assert {figures(client)[0] for client in clients} == {3}


def test_nightly_run_leaves_archived_clients_alone():
    client = ClientFactory(archived_at=timezone.now())
    InteractionFactory(client=client, happened_at=NOON)

    assert score_health(as_of=TODAY) == 0
    assert figures(client) == (None, None)


def test_nightly_run_without_clients_does_nothing():
    assert score_health(as_of=TODAY) == 0


def test_rescore_of_nobody_does_nothing():
    assert rescore(clients=[]) == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda: RequestFactory(opened_at=NOON),
        lambda: RequestFactory(opened_at=ago(9), rating=5, rated_at=NOON),
        lambda: ActivityInvitationFactory(answer="declined", answered_at=NOON),
        lambda: ResponseFactory(submitted_at=NOON),
        lambda: LifecycleChangeFactory(),
    ],
)
def test_sweep_scores_clients_of_whom_others_wrote(write):
    client = write().client
    InteractionFactory(client=client, happened_at=ago(30))

    assert health.rescore_changed(since=NOON) == 1
    assert figures(client)[0] is not None


def test_sweep_leaves_out_what_was_written_before():
    RequestFactory(opened_at=ago(1))
    InteractionFactory(happened_at=NOON)

    assert health.rescore_changed(since=NOON) == 0


def test_sweep_works_in_parts(monkeypatch):
    monkeypatch.setattr(health, "AT_ONCE", 2)
    RequestFactory.create_batch(5, opened_at=NOON)

    assert health.rescore_changed(since=NOON) == 5


def test_sweep_leaves_a_large_import_to_the_run_over_everybody(monkeypatch):
    monkeypatch.setattr(health, "PORTION", 2)
    RequestFactory.create_batch(3, opened_at=NOON)
    score_health()

    assert health.rescore_changed(since=NOON) == 3
