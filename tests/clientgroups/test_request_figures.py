import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.selectors import request_figures as figures
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.requests import (
    CalendarFactory,
    RequestTypeFactory,
    ServiceRequestFactory,
    SlaPolicyFactory,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOW = dt.datetime(2026, 11, 23, 16, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def admin():
    return UserFactory(admin=True)


@pytest.fixture
def level():
    return SlaPolicyFactory(calendar=CalendarFactory(always=True))


def done(level, *, answer=HOUR, end=2 * HOUR, age=3 * DAY, **fields):
    """Resolved; the first answer was due in two hours and the resolution in four."""
    opened = NOW - age
    return ServiceRequestFactory(
        type=level.type,
        sla=level,
        status="resolved",
        opened_at=opened,
        first_answer_due_at=opened + 2 * HOUR,
        resolution_due_at=opened + 4 * HOUR,
        first_answered_at=opened + answer,
        resolved_at=opened + end,
        **fields,
    )


def figures_of(user, since=30 * DAY, **fields):
    return figures.figures_of(user, since=NOW - since, now=NOW, **fields)


# Shares -----------------------------------------------------------------------------------------


def test_nothing_is_a_dash_and_not_zero(admin):
    found = figures_of(admin)

    assert (found.total.answer.shown, found.total.resolution.shown) == ("–", "–")
    assert found.total.rating.note == "No data yet"
    assert (found.answer_time, found.resolution_time, found.timed) == ("–", "–", 0)
    assert (found.by_type, found.by_group, found.by_month) == ([], [], [])
    assert [number for _label, number in found.backlog] == [0, 0, 0, 0, 0]


def test_shares_count_what_was_met_with_the_interval_of_wilson(admin, level):
    for _number in range(8):
        done(level)
    for _number in range(2):
        done(level, answer=3 * HOUR, end=5 * HOUR)

    total = figures_of(admin).total

    assert (total.answer.n, total.answer.value) == (10, 80)
    assert round(total.answer.low, 2) == 49.02
    assert round(total.answer.high, 2) == 94.33
    assert total.resolution.value == 80
    assert total.answer.shown == "80%"


def test_clock_that_is_missed_counts_before_it_stops(admin, level):
    common = {"type": level.type, "sla": level, "opened_at": NOW - DAY}
    due = {"first_answer_due_at": NOW - HOUR, "resolution_due_at": NOW + DAY}
    ServiceRequestFactory(**common, **due)
    ServiceRequestFactory(waiting=True, **common, **due)
    ServiceRequestFactory(open=True, opened_at=NOW - DAY)

    total = figures_of(admin).total

    assert (total.answer.n, total.answer.value) == (1, 0)
    assert total.resolution.n == 0
    assert total.n == 3


@pytest.mark.parametrize(
    ("n", "state", "shown", "note"),
    [
        (0, "none", "–", "No data yet"),
        (4, "hidden", "–", "Hidden: fewer than 5 requests"),
        (9, "few", "100%", "too few to compare"),
        (40, "ok", "100%", "n = 40"),
    ],
)
def test_share_says_what_may_be_shown(n, state, shown, note):
    rate = figures.share(n, n)

    assert (rate.state, rate.shown) == (state, shown)
    assert note in rate.note


def test_rating_is_a_mean_with_its_interval(admin, level):
    for rating in [5, 5, 4, 4, 4, 5, 5, 3, 5, 5]:
        done(level, rating=rating)
    done(level)

    rating = figures_of(admin).total.rating

    assert (rating.n, round(rating.value, 2), rating.shown) == (10, 4.5, "4.5")
    assert rating.low < 4.5 < rating.high
    assert rating.state == "ok"


def test_one_rating_has_no_interval_and_is_hidden():
    rate = figures.mean(1, 5.0, None)

    assert (rate.low, rate.high, rate.shown) == (None, None, "–")
    assert figures.mean(7, 5.0, None).note == "n = 7 · too few to compare"


# Times ------------------------------------------------------------------------------------------


def test_median_counts_open_minutes_less_the_pauses(admin, level):
    for hours in (1, 1, 2, 3, 3):
        done(level, answer=hours * HOUR, end=hours * 2 * HOUR, paused_minutes=30)

    found = figures_of(admin)

    assert (found.answer_time, found.resolution_time, found.timed) == ("2 h", "3 h 30 min", 5)


def test_median_of_four_is_hidden(admin, level):
    for _number in range(4):
        done(level)

    assert figures_of(admin).answer_time == "–"


def test_requests_on_a_calendar_that_is_gone_are_not_timed(admin, level):
    for _number in range(5):
        ServiceRequestFactory(resolved=True, opened_at=NOW - DAY)
        done(level)

    assert figures_of(admin).timed == 5


# Which requests ---------------------------------------------------------------------------------


def test_figures_are_of_the_time_asked_for(admin, level):
    done(level, age=10 * DAY)
    done(level, age=40 * DAY)

    assert figures_of(admin).total.n == 1
    assert figures_of(admin, since=90 * DAY).total.n == 2


def test_figures_are_of_what_the_person_sees(level):
    access = GroupAccessFactory(role="viewer")
    row = done(level)
    MembershipFactory(client=row.client, client_group=access.client_group)
    done(level)

    assert figures_of(access.user).total.n == 1


def test_request_counts_for_the_group_the_client_was_in_that_day(admin, level):
    row = done(level, age=20 * DAY)
    today = NOW.date()
    before, later = ClientGroupFactory(), ClientGroupFactory()
    MembershipFactory(
        client=row.client,
        client_group=before,
        valid_from=today - 100 * DAY,
        valid_to=today - 10 * DAY,
    )
    MembershipFactory(client=row.client, client_group=later, valid_from=today - 10 * DAY)

    assert [line.label for line in figures_of(admin).by_group] == [before.name]
    assert figures_of(admin, group=before).total.n == 1
    assert figures_of(admin, group=later).total.n == 0
    assert figures_of(admin, group=before).by_group == []


def test_types_and_months_have_lines_of_their_own(admin, level):
    done(level)
    done(level)
    other = RequestTypeFactory(name="Wonder")
    done(level, age=40 * DAY)
    ServiceRequestFactory(type=other, opened_at=NOW - DAY)

    found = figures_of(admin, since=90 * DAY)

    assert [(line.label, line.n) for line in found.by_type] == [
        (level.type.name, 3),
        ("Wonder", 1),
    ]
    assert [line.n for line in found.by_month] == [1, 3]
    assert figures_of(admin, type_=other).total.n == 1


def test_backlog_is_of_today_whatever_the_time(admin, level):
    for days in (0.5, 2, 2, 5, 20, 60):
        ServiceRequestFactory(open=True, opened_at=NOW - days * DAY)
    done(level)

    assert [number for _label, number in figures_of(admin).backlog] == [1, 2, 1, 1, 1]


# The page ---------------------------------------------------------------------------------------


def test_page_shows_charts_and_lines(client, sign_in):
    sign_in("admin")
    level = SlaPolicyFactory(calendar=CalendarFactory(always=True))
    now = timezone.now()
    for days in (2, 2, 2, 2, 2, 40, 40, 40, 40, 40):
        opened = now - days * DAY
        ServiceRequestFactory(
            type=level.type,
            sla=level,
            resolved=True,
            opened_at=opened,
            resolution_due_at=opened + 4 * HOUR,
        )
    member = MembershipFactory()
    ServiceRequestFactory(client=member.client, open=True)

    page = client.get(reverse("clientgroups:request_figures"))

    assert page.status_code == 200
    assert page.text.count('<svg class="chart') >= 2
    assert level.type.name in page.text
    assert member.client_group.name in page.text


def test_page_without_data_says_so(client, sign_in):
    sign_in("outsider")

    page = client.get(reverse("clientgroups:request_figures"))

    assert "No requests in this time." in page.text
    assert "No data yet" in page.text


@pytest.mark.parametrize("query", ["?days=30", "?days=nonsense&group=x&type=999999", "?days="])
def test_page_reads_odd_filters_as_the_usual_ones(client, sign_in, query):
    sign_in("admin")

    assert client.get(reverse("clientgroups:request_figures") + query).status_code == 200


def test_nothing_of_a_foreign_group_is_counted_by_asking_for_it(client, sign_in):
    sign_in("outsider")
    member = MembershipFactory()
    ServiceRequestFactory(client=member.client, open=True)

    page = client.get(reverse("clientgroups:request_figures") + f"?group={member.client_group_id}")

    assert page.context["open"] == 0
