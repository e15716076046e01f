"""Advertising and the agreements that were written down."""

import pytest

from clientgroups.models import ConsentChange
from clientgroups.selectors.audiences import audience_of
from clientgroups.services import activities as services
from tests.factories.activities import ActivityFactory, person_in
from tests.factories.clientgroups import GroupAccessFactory

pytestmark = pytest.mark.django_db


def planned(**fields):
    """The draft of an activity, and who leads its group."""
    activity = ActivityFactory(**fields)
    return activity, GroupAccessFactory(client_group=activity.client_group, role="lead").user


@pytest.mark.parametrize(("kind", "only"), [("campaign", True), ("offer", True), ("event", False)])
def test_advertising_reaches_only_people_with_a_recorded_agreement(kind, only):
    activity, lead = planned(kind=kind)
    agreed, silent, taken_back = (person_in(activity.client_group) for _ in range(3))
    for contact, granted in ((agreed, True), (taken_back, True), (taken_back, False)):
        ConsentChange.objects.create(contact=contact, channel="email", granted=granted)
    ConsentChange.objects.create(contact=silent, channel="phone", granted=True)

    preview = audience_of(activity)
    wide = audience_of(activity, only_agreed=False)

    assert preview.only_agreed is only
    assert (preview.contacts, preview.agreed) == (1 if only else 3, 1)
    assert preview.left_out == ({"no_record": 2} if only else {})
    assert (wide.contacts, wide.agreed) == (3, 1)
    assert services.send_invitations(activity=activity, actor=lead) == preview.contacts
    assert services.send_invitations(activity=activity, actor=lead, only_agreed=False) == (
        2 if only else 0
    )


def test_preview_of_a_campaign_says_who_agreed_and_lets_one_choose(client):
    activity, lead = planned(kind="campaign")
    person_in(activity.client_group)
    client.force_login(lead)
    path = f"/activities/{activity.pk}/audience/"

    careful = client.get(path).content.decode()
    wide = client.get(path + "?agreed=all").content.decode()

    assert "no agreement is recorded" in careful
    assert 'name="agreed" value="only"' in careful
    assert "0 of them have a recorded agreement" in wide
    assert "The others have not objected." in wide
    assert client.post(path, {"agreed": "only"}).status_code == 422
    assert client.post(path, {"agreed": "all"}).status_code == 302
