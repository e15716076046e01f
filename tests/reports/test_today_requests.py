import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from reports.selectors.attention import attention_of
from tests.factories.accounts import UserFactory
from tests.factories.requests import ServiceRequestFactory, SlaPolicyFactory

pytestmark = pytest.mark.django_db


def due(hours, user, **fields):
    moment = timezone.now() + dt.timedelta(hours=hours)
    return ServiceRequestFactory(
        sla=SlaPolicyFactory(), resolution_due_at=moment, assignee=user, **fields
    )


def test_requests_at_risk_stand_in_the_list_of_their_assignee():
    me = UserFactory()
    soon = due(3, me, open=True, subject="soon")
    late = due(-80, me, open=True, subject="late")
    due(48, me, open=True)
    due(-5, me, waiting=True)
    due(-5, me, resolved=True)
    due(-5, UserFactory(), open=True)

    lines = attention_of(me)

    assert [(line.title, line.tone) for line in lines] == [("late", "red"), ("soon", "amber")]
    assert [line.url for line in lines] == [late.get_absolute_url(), soon.get_absolute_url()]
    assert "days overdue" in lines[0].detail
    assert late.client.name in lines[0].detail


def test_request_missed_an_hour_ago_says_so():
    me = UserFactory()
    with time_machine.travel(dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)):
        due(-1, me, open=True)

        (line,) = attention_of(me)

    assert "overdue since today" in line.detail


def test_first_answer_counts_as_well():
    me = UserFactory()
    row = due(90, me, open=True)
    row.first_answer_due_at = timezone.now() + dt.timedelta(hours=1)
    row.save()

    assert len(attention_of(me)) == 1
