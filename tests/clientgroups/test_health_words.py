import datetime as dt

import pytest
from django.utils import timezone, translation

from clientgroups.models import HealthPolicy
from clientgroups.selectors import client_health as words
from clientgroups.selectors.health import DRIVERS
from clientgroups.services.health import rescore
from tests.factories.clientgroups import (
    ClientFactory,
    MembershipFactory,
    PurchaseFactory,
)
from tests.factories.feedback import ResponseFactory
from tests.factories.touches import (
    ClientHealthFactory,
    ClientSilenceFactory,
    InteractionFactory,
    RequestFactory,
    TouchPlanFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def ago(days):
    return NOON - dt.timedelta(days=days)


def buy(client, *days):
    for each in days:
        PurchaseFactory(client=client, bought_on=TODAY - dt.timedelta(days=each))


def healthy(stage="loyal"):
    client = ClientFactory(stage=stage)
    InteractionFactory(client=client, kind="visit", happened_at=NOON)
    return client


# In words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "label"),
    [(None, None), (0, "Poor"), (39, "Poor"), (40, "Watch"), (69, "Watch"), (70, "Good")],
)
def test_band_says_in_words_how_good_the_figure_is(score, label):
    band = words.band_of(score, HealthPolicy())

    assert (band and band.label) == label


def view_of(client):
    client.refresh_from_db()
    return words.health_of(client)


def test_view_names_the_worst_driver_and_what_is_left_out():
    client = healthy("lapsed")
    rescore(clients=[client.pk], as_of=TODAY)

    view = view_of(client)

    assert view.sentence == "Most is lost to: Engagement."
    assert {driver.key: driver.share for driver in view.drivers} == {"engagement": 80, "stage": 20}
    assert "Survey answers" in view.missing
    assert view.drivers[0].url.startswith(f"/clients/{client.pk}/")


def test_view_without_a_figure_says_that_too_little_is_known():
    view = view_of(ClientFactory())

    assert (view.score, view.band, view.drivers) == (None, None, [])
    assert view.sentence.startswith("Too little is known")


def test_view_says_that_nothing_pulls_the_figure_down():
    client = healthy()
    for _number in range(3):
        InteractionFactory(client=client, kind="visit", happened_at=NOON)
    rescore(clients=[client.pk], as_of=TODAY)

    assert view_of(client).sentence == "Nothing pulls the figure down."


def test_view_tells_the_change_of_a_quarter():
    client = healthy()
    rescore(clients=[client.pk])
    client.refresh_from_db()
    long_ago = timezone.localdate() - dt.timedelta(days=120)
    ClientHealthFactory(client=client, as_of=long_ago, score=client.health - 20)

    view = view_of(client)

    assert view.change == 20
    assert view.sentence.endswith("+20 points in three months.")


def test_every_driver_has_a_sentence_in_both_languages():
    plan = TouchPlanFactory(every_days=1)
    client = MembershipFactory(client_group=plan.client_group, client__stage="loyal").client
    buy(client, 0, 30, 60)
    InteractionFactory(client=client, happened_at=NOON)
    closed = {"status": "closed", "resolved_at": ago(2), "opened_at": ago(3)}
    RequestFactory(client=client, rating=4, rated_at=ago(1), **closed)
    ResponseFactory(contact__client=client, responded_on=TODAY, submitted_at=NOON,
                    scores={"nps": 9})  # fmt: skip
    rescore(clients=[client.pk], as_of=TODAY)

    told = {driver.key: driver.words for driver in view_of(client).drivers}
    with translation.override("zh-hans"):
        chinese = {driver.key: driver.words for driver in view_of(client).drivers}

    assert set(told) == set(DRIVERS) == set(chinese)
    assert told["requests"] == "Requests in the last year, none of them open."
    assert told["stage"] == "Lifecycle stage: Loyal."
    assert "every day" in told["touch"]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"open": 1, "late": 0}, "1 open request, none past its service level."),
        ({"open": 3, "late": 1}, "3 open requests, 1 past its service level."),
        ({"open": 3, "late": 2}, "3 open requests, 2 past their service level."),
    ],
)
def test_requests_in_words(found, text):
    assert DRIVERS["requests"].words(found) == text


def test_silence_in_words():
    silence = ClientSilenceFactory(last_on=dt.date(2026, 10, 1), usual_days=6.6,
                                   since=dt.date(2026, 11, 1))  # fmt: skip

    text = words.silence_words(silence, TODAY)

    assert text == "No sign of life since 1 Oct (53 days); usually one every 7 days."
