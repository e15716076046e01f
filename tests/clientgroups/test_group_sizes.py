import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientgroups.models import GroupSize
from clientgroups.selectors import group_columns
from clientgroups.selectors.groups import monthly_sizes, size_trends
from clientgroups.selectors.membership_days import size_series
from clientgroups.services.group_sizes import record_group_sizes
from clientgroups.tasks import record_group_sizes as task
from tests.factories.clientgroups import ClientGroupFactory, MembershipFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)  # a Monday


def refreshed(**fields):
    return ClientGroupFactory(refreshed_at=timezone.now(), **fields)


def sizes(group):
    return dict(group.sizes.order_by("day").values_list("day", "n"))


def test_sizes_of_the_past_are_read_from_memberships():
    group = refreshed(member_count=2)
    MembershipFactory(client_group=group, valid_from=dt.date(2026, 10, 1))
    MembershipFactory(
        client_group=group, valid_from=dt.date(2026, 11, 2), valid_to=dt.date(2026, 11, 15)
    )

    record_group_sizes(today=TODAY)

    found = sizes(group)
    assert found[dt.date(2026, 10, 4)] == 1
    assert found[dt.date(2026, 11, 8)] == 2
    # The last day no longer belongs to a membership.
    assert found[dt.date(2026, 11, 15)] == 1
    assert found[TODAY] == 2
    assert min(found) == dt.date(2026, 10, 4)


def test_second_run_of_a_day_follows_changes_only():
    group = refreshed(member_count=2)

    assert record_group_sizes(today=TODAY) == 1
    assert record_group_sizes(today=TODAY) == 0
    group.member_count = 5
    group.save()
    assert record_group_sizes(today=TODAY) == 1

    assert sizes(group) == {TODAY: 5}


def test_archived_and_unworked_groups_get_no_size_and_old_rows_go():
    put_away = refreshed(archived_at=timezone.now())
    fresh = ClientGroupFactory()
    old = refreshed()
    GroupSize.objects.create(client_group=old, day=TODAY - dt.timedelta(days=900), n=3)

    record_group_sizes(today=TODAY)

    assert sizes(put_away) == sizes(fresh) == {}
    assert list(sizes(old)) == [TODAY]


def test_trend_takes_the_last_day_of_each_week():
    group = ClientGroupFactory()
    for back, n in ((0, 9), (1, 8), (2, 7), (8, 5), (200, 1)):
        GroupSize.objects.create(client_group=group, day=TODAY - dt.timedelta(days=back), n=n)

    assert size_trends([group.pk], TODAY) == {group.pk: [5, 8, 9]}
    assert size_trends([], TODAY) == {}


def test_group_has_one_size_a_day():
    row = GroupSize.objects.create(client_group=ClientGroupFactory(), day=TODAY, n=3)

    with pytest.raises(IntegrityError), transaction.atomic():
        GroupSize.objects.create(client_group=row.client_group, day=TODAY, n=4)
    assert str(row) == f"{row.client_group_id} 2026-11-23: 3"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    spans=st.lists(
        st.tuples(st.integers(0, 500), st.one_of(st.none(), st.integers(0, 200))), max_size=8
    )
)
def test_monthly_sizes_agree_with_the_day_by_day_count(spans):
    group = ClientGroupFactory()
    for back, length in spans:
        begin = TODAY - dt.timedelta(days=back)
        end = None if length is None else min(begin + dt.timedelta(days=length), TODAY)
        MembershipFactory(client_group=group, valid_from=begin, valid_to=end)

    assert monthly_sizes(group, 12, TODAY) == size_series(group, 12, TODAY)


def test_task_reports_what_it_wrote():
    refreshed(member_count=1)

    assert task() == 1


def test_columns_are_registered_by_apps_above():
    assert [column.key for column in group_columns.columns()] == ["satisfaction"]
