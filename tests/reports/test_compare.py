"""Groups side by side: figures, tests with correction, what they share, and the page."""

import datetime as dt

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from clientgroups.models import GroupSize, RequestType, ServiceRequest, TouchPlan
from feedback.models import SatisfactionRollup
from reports.selectors.compare import Cell, compare_groups, score, share
from reports.selectors.compare_figures import common_period, service_figures, shared_clients
from reports.selectors.compare_tests import MeanSample, NpsSample, ShareSample, compare
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
)
from tests.factories.goals import GoalFactory

Q4 = dt.date(2026, 10, 1)


def rollup(group, metric, counts, value, low, high, **fields):
    first = {"nps": 0, "csat": 1, "ces": 1}[metric]
    n = sum(counts)
    mean = sum((first + place) * count for place, count in enumerate(counts)) / n
    standing = {
        "scope": "group",
        "scope_id": group.pk,
        "metric": metric,
        "period_kind": "quarter",
        "period_start": Q4,
        "n": n,
        "answers": n,
        "counts": counts,
        "mean": mean,
        "score": value,
        "low": low,
        "high": high,
        "computed_at": timezone.now(),
    }
    return SatisfactionRollup.objects.create(**standing | fields)


def group_of(number, stage, **fields):
    group = ClientGroupFactory(member_count=number, **fields)
    for _ in range(number):
        MembershipFactory(client_group=group, client__stage=stage)
    return group


def cell(found, key, place):
    return next(row for row in found.measures if row.key == key).cells[place]


# Tests and correction ----------------------------------------------------------------------------


def test_probabilities_are_corrected_for_every_comparison_made():
    samples = {
        "loyal": [ShareSample(40, 50), ShareSample(20, 50), ShareSample(21, 50)],
        "nps": [NpsSample(50, 30, 20), NpsSample(30, 40, 30), None],
        "ces": [MeanSample(30, 5.0, 1.0), MeanSample(30, 5.1, 1.2), MeanSample(1, 2.0, None)],
    }

    found = compare(samples, {(0, 1): 7})

    assert len(found.made) == 3 + 1 + 1
    expected = multipletests([one.p for one in found.made], method="holm")[1]
    assert [one.adjusted for one in found.made] == pytest.approx(list(expected))
    assert found.too_few == {"nps": [(0, 2), (1, 2)], "ces": [(0, 2), (1, 2)]}
    assert [one.shared for one in found.of("loyal")] == [7, 0, 0]
    assert {(one.measure, one.one, one.other) for one in found.holding} >= {("loyal", 0, 1)}


def test_correction_can_take_a_difference_away():
    borderline = ShareSample(34, 50), ShareSample(24, 50)

    alone = compare({"a": list(borderline)}, {})
    among_many = compare({key: list(borderline) for key in "abcdefgh"}, {})

    assert alone.made[0].p == among_many.made[0].p
    assert alone.holding
    assert not among_many.holding


@given(st.integers(10, 200), st.integers(10, 200), st.data())
def test_interval_of_a_share_holds_its_difference(n1, n2, data):
    one = ShareSample(data.draw(st.integers(0, n1)), n1)
    other = ShareSample(data.draw(st.integers(0, n2)), n2)

    difference, _p = one.against(other)
    low, high = one.interval(other)

    assert low - 1e-9 <= difference <= high + 1e-9


def test_equal_groups_differ_by_nothing_with_a_wide_interval():
    for one in (NpsSample(5, 5, 5), MeanSample(12, 4.0, 2.0)):
        difference, p = one.against(one)
        low, high = one.interval(one)

        assert (difference, p) == (0, pytest.approx(1))
        assert low < 0 < high


@pytest.mark.parametrize(
    ("k", "n", "state", "compared"),
    [
        (0, 0, "none", False),
        (2, 4, "few", False),
        (5, 9, "few", False),
        (6, 12, "few", False),
        (30, 60, "ok", True),
    ],
)
def test_shares_follow_the_rule_of_small_numbers(k, n, state, compared):
    found = share(k, n)

    assert found.state == state
    assert (found.comparable is not None) == compared


@pytest.mark.django_db
def test_scores_below_five_are_hidden():
    group = ClientGroupFactory()

    hidden = score(rollup(group, "csat", [0, 0, 0, 2, 2], 100.0, 50.0, 100.0))

    assert hidden == Cell(n=4, state="hidden")
    assert score(None).state == "none"


# Figures -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_shared_clients_are_counted_for_every_pair():
    groups = [ClientGroupFactory() for _ in range(3)]
    for members in ((0, 1), (0, 1, 2), (0,), (2,)):
        client = ClientFactory()
        for place in members:
            MembershipFactory(client_group=groups[place], client=client)
    gone = MembershipFactory(client_group=groups[2], valid_to=timezone.localdate()).client
    MembershipFactory(client_group=groups[0], client=gone)

    assert shared_clients(groups) == {(0, 1): 2, (0, 2): 1, (1, 2): 1}


@pytest.mark.django_db
def test_period_is_the_newest_that_most_groups_have():
    one, other = ClientGroupFactory(), ClientGroupFactory()
    half = [0, 0, 0, 10, 10]
    for group in (one, other):
        rollup(group, "csat", half, 100.0, 84.0, 100.0, period_start=dt.date(2026, 7, 1))
    rollup(one, "csat", half, 100.0, 84.0, 100.0)

    assert common_period([one, other]) == ("quarter", dt.date(2026, 7, 1))
    assert common_period([one]) == ("quarter", Q4)
    assert common_period([ClientGroupFactory()]) == ("quarter", None)


def loyal_and_lapsed():
    """Two groups of thirty that differ in everything, with scores of this quarter."""
    loyal, lapsed = group_of(30, "loyal"), group_of(30, "lapsed")
    type(loyal.memberships.first().client).objects.filter(memberships__client_group=loyal).update(
        engagement=20, health=70
    )
    rollup(loyal, "nps", [0] * 7 + [5, 5, 20, 20], 80.0, 64.0, 90.0)
    rollup(lapsed, "nps", [10] * 5 + [0] * 6, -100.0, -100.0, -87.0)
    rollup(loyal, "ces", [0, 0, 0, 0, 10, 20, 20], 6.2, 6.0, 6.4)
    rollup(lapsed, "ces", [0, 10, 20, 20, 0, 0, 0], 3.2, 3.0, 3.4)
    rollup(loyal, "csat", [0, 0, 0, 40, 60], 100.0, 96.0, 100.0)
    return loyal, lapsed


def care_for(group):
    """One late and one resolved request, a touch plan, a goal on track, a smaller past."""
    now, today = timezone.now(), timezone.localdate()
    kind = RequestType.objects.create(name="Some kind of question")
    common = {"client": group.memberships.first().client, "type": kind, "opened_at": now}
    ServiceRequest.objects.create(
        subject="Late", token="a", first_answer_due_at=now - dt.timedelta(hours=1), **common
    )
    ServiceRequest.objects.create(
        subject="Kept",
        token="b",
        status="resolved",
        resolved_at=now,
        resolution_due_at=now + dt.timedelta(hours=1),
        **common,
    )
    TouchPlan.objects.create(client_group=group, every_days=30)
    GroupSize.objects.create(client_group=group, day=today - dt.timedelta(weeks=4), n=20)
    GroupSize.objects.create(client_group=group, day=today, n=30)
    GoalFactory(project__client_group=group, pace="on_track")


@pytest.mark.django_db
def test_requests_kept_in_time_belong_to_the_group_of_the_day_they_came_in():
    now, day = timezone.now(), timezone.localdate() - dt.timedelta(days=20)
    left = MembershipFactory(valid_from=day - dt.timedelta(days=20), valid_to=day)
    joined = MembershipFactory(client=left.client, valid_from=day)
    common = {
        "client": left.client,
        "type": RequestType.objects.create(name="Some kind of question"),
        "status": "resolved",
        "resolved_at": now,
        "resolution_due_at": now + dt.timedelta(hours=1),
    }
    for days in (25, 25, 5):
        ServiceRequest.objects.create(
            subject="Kept",
            token=str(ServiceRequest.objects.count()),
            opened_at=now - dt.timedelta(days=days),
            **common,
        )

    before, after = (service_figures(row.client_group, now) for row in (left, joined))

    assert (before.resolved, before.in_time) == (2, 2)
    assert (after.resolved, after.in_time) == (1, 1)


@pytest.mark.django_db
def test_clients_and_scores_of_two_groups_stand_side_by_side():
    loyal, lapsed = loyal_and_lapsed()

    found = compare_groups([loyal, lapsed], UserFactory(admin=True))

    assert cell(found, "size", 0).value == 30
    assert (cell(found, "loyal", 0).part, cell(found, "loyal", 1).part) == (30, 0)
    assert (cell(found, "engagement", 0).value, cell(found, "engagement", 0).n) == (20, 30)
    assert cell(found, "health", 1).value is None
    assert cell(found, "nps", 0).value == 80
    assert cell(found, "nps", 0).sample == NpsSample(40, 10, 0)
    assert cell(found, "csat", 0).sample == ShareSample(100, 100)
    assert cell(found, "csat", 1).state == "none"
    assert cell(found, "ces", 0).sample.variance == pytest.approx(0.571, abs=0.001)
    assert cell(found, "churn", 0).sample is None
    assert {"nps", "ces", "loyal", "lapsed"} <= {one.measure for one in found.tests.holding}
    assert "churn" not in {one.measure for one in found.tests.made}


@pytest.mark.django_db
def test_care_of_two_groups_stands_side_by_side():
    one, other = group_of(1, "loyal"), group_of(1, "lapsed")
    care_for(one)

    found = compare_groups([one, other], UserFactory(admin=True))

    assert cell(found, "change", 0).value == 10
    assert cell(found, "change", 1).value is None
    assert (cell(found, "open", 0).value, cell(found, "open", 0).part) == (1, 1)
    assert (cell(found, "sla", 0).part, cell(found, "sla", 0).n) == (1, 1)
    assert (cell(found, "goals", 0).value, cell(found, "goals", 0).n) == (1, 1)
    assert cell(found, "goals", 1).value is None
    assert cell(found, "touches", 1).value is None
    assert cell(found, "touches", 0).value == 0


@pytest.mark.django_db
def test_goals_that_the_reader_does_not_see_are_not_counted():
    one, other = group_of(1, "loyal"), group_of(1, "lapsed")
    care_for(one)

    found = compare_groups([one, other], UserFactory())

    assert cell(found, "goals", 0).value is None
