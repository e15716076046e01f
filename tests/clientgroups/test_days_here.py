"""Facts that are written have the day of the installation, whoever writes them and wherever."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from clientgroups.models import Client, GroupSize
from clientgroups.selectors.dates import today_here
from clientgroups.services.group_sizes import record_group_sizes
from clientgroups.services.groups import add_clients, remove_client, reopen_membership
from clientgroups.services.lifecycle import derive_lifecycle, fix_stage
from clientgroups.services.refresh import refresh_clients, refresh_group
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ClientGroupFactory, PurchaseFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
# In one of them the day is another one than here, whatever the time.
FAR = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]
EVERYBODY = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "potential"}]}


@pytest.mark.parametrize("zone", FAR)
def test_members_come_and_go_on_the_day_of_the_installation(zone):
    client = ClientFactory()
    group = ClientGroupFactory(owner=client.owner)
    actor = UserFactory(is_superuser=True)

    with timezone.override(zone):
        add_clients(group=group, clients=[client], actor=actor)
        row = remove_client(group=group, client=client, actor=actor)

    assert (row.valid_from, row.valid_to) == (today_here(), today_here())
    with timezone.override(zone):
        assert reopen_membership(membership=row, actor=actor).valid_to is None


@pytest.mark.parametrize("zone", FAR)
def test_nobody_joins_after_the_day_of_the_installation(zone):
    client, actor = ClientFactory(), UserFactory(is_superuser=True)
    group = ClientGroupFactory(owner=client.owner)

    with timezone.override(zone):
        theirs = timezone.localdate()
        with pytest.raises(ValidationError, match="future"):
            add_clients(group=group, clients=[client], actor=actor, since=theirs + 3 * DAY)
        assert add_clients(group=group, clients=[client], actor=actor, since=theirs) == 1

    assert group.memberships.get().valid_from == min(theirs, today_here())


@pytest.mark.parametrize("zone", FAR)
def test_rules_are_worked_out_for_the_day_of_the_installation(zone):
    owner = UserFactory(is_superuser=True)
    group = ClientGroupFactory(kind="dynamic", rule=EVERYBODY, owner=owner)
    ClientFactory(owner=owner)

    with timezone.override(zone):
        refresh_group(group=group)
        later = ClientFactory(owner=owner)
        refresh_clients(group=group, client_ids=[later.pk])
        record_group_sizes()

    assert {row.valid_from for row in group.memberships.all()} == {today_here()}
    assert GroupSize.objects.filter(day__gt=today_here()).count() == 0


# A stage set by hand leaves no trace in what is worked out later ---------------------------------


def bought(client, *days):
    for day in days:
        PurchaseFactory(client=client, bought_on=day, amount=10)


def expire(client, *stages):
    """Set stages by hand one after the other, and let the last one expire."""
    actor, today = UserFactory(), today_here()
    for stage in stages:
        fix_stage(client=client, stage=stage, reason="Signed", until=today, actor=actor)
    derive_lifecycle(as_of=today + DAY)
    return Client.objects.get(pk=client.pk).stage


def test_expired_loyal_by_hand_does_not_make_it_easier_to_stay_loyal():
    client, today = ClientFactory(), today_here()
    bought(client, today - 9 * DAY, today - 5 * DAY)
    derive_lifecycle(as_of=today)

    assert expire(client, "loyal") == "existing"


@pytest.mark.parametrize("stages", [["existing"], ["lapsed", "existing"], ["loyal"]])
def test_loyal_client_is_loyal_again_when_a_stage_by_hand_expires(stages):
    client, today = ClientFactory(), today_here()
    bought(client, *(today - n * DAY for n in (400, 300, 200, 100)))
    derive_lifecycle(as_of=today - 50 * DAY)
    assert Client.objects.get(pk=client.pk).stage == "loyal"

    assert expire(client, *stages) == "loyal"


def test_stage_by_hand_of_a_client_that_was_never_worked_out_expires():
    client, today = ClientFactory(), today_here()
    bought(client, today - 9 * DAY, today - 5 * DAY)

    assert expire(client, "loyal") == "existing"
