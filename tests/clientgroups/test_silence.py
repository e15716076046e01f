import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from clientgroups.models import (
    ClientSilence,
    EngagementPolicy,
    HealthPolicy,
)
from clientgroups.services.health import rescore
from tests.factories.clientgroups import (
    ClientFactory,
)
from tests.factories.touches import (
    ClientSilenceFactory,
    InteractionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def ago(days):
    return NOON - dt.timedelta(days=days)


# Silence ------------------------------------------------------------------------------------------


def talks(client, *days):
    for each in days:
        InteractionFactory(client=client, happened_at=ago(each))


def test_client_who_spoke_each_week_is_silent_after_a_month_without_a_word():
    client = ClientFactory()
    talks(client, 60, 53, 46, 39)

    rescore(clients=[client.pk], as_of=TODAY)

    silence = ClientSilence.objects.get()
    assert (silence.client, silence.usual_days) == (client, 7)
    assert silence.last_on == TODAY - dt.timedelta(days=39)
    assert silence.since == silence.last_on + dt.timedelta(days=31)


@pytest.mark.parametrize("days", [(60, 53, 46, 30), (300, 200, 100, 50), (60, 53, 46)])
def test_client_within_the_habit_or_without_one_is_not_silent(days):
    client = ClientFactory()
    talks(client, *days)

    rescore(clients=[client.pk], as_of=TODAY)

    assert not ClientSilence.objects.exists()


def test_next_sign_of_life_ends_the_silence():
    client = ClientFactory()
    talks(client, 60, 53, 46, 39)
    rescore(clients=[client.pk], as_of=TODAY)

    talks(client, 0)
    rescore(clients=[client.pk], as_of=TODAY)

    assert not ClientSilence.objects.exists()


def test_silence_of_others_stays_when_one_client_is_scored():
    other = ClientSilenceFactory()

    rescore(clients=[ClientFactory().pk], as_of=TODAY)

    assert ClientSilence.objects.get() == other


# Constraints --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{"pk": 2}, {"half_life_days": 0}, {"full_at": 0}])
def test_engagement_policy_is_one_row_that_fades(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        EngagementPolicy.objects.create(**{"pk": 1} | fields)


@pytest.mark.parametrize(
    "fields", [{"pk": 2}, {"good_from": 40, "watch_from": 40}, {"good_from": 101}]
)
def test_health_policy_is_one_row_with_bands_in_order(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        HealthPolicy.objects.create(**{"pk": 1} | fields)


def test_silence_begins_after_the_last_sign():
    day = TODAY
    with pytest.raises(IntegrityError), transaction.atomic():
        ClientSilenceFactory(last_on=day, since=day)


def test_names_of_policies_and_silences():
    assert str(EngagementPolicy()) == "engagement policy"
    assert str(HealthPolicy()) == "health policy"
    silence = ClientSilenceFactory(last_on=dt.date(2026, 1, 2))
    assert str(silence) == f"{silence.client_id}: 2026-01-02"


def test_rounding_of_the_reference_is_that_of_the_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT round(62.5::numeric)::int")
        assert cursor.fetchone()[0] == int(Decimal("62.5").quantize(0, ROUND_HALF_UP)) == 63
