"""The page of one activity: figures, people, steps, marks and the table for download."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from clientgroups.models import Activity
from clientgroups.services.clients import archive_client
from notifications.models import Message
from tests.factories.activities import ActivityFactory, ActivityInvitationFactory, person_in
from tests.factories.clientgroups import ClientGroupFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


# The page ----------------------------------------------------------------------------------------


def test_page_of_a_draft_shows_who_would_be_asked(client, sign_in):
    activity = ActivityFactory(text=HOSTILE, name=HOSTILE, place=HOSTILE)
    person_in(activity.client_group)
    sign_in("lead", activity)

    page = text_of(client.get(url("activity_detail", activity.pk)))

    assert "nobody was asked yet" in page
    assert "contacts would be asked" in page
    assert HOSTILE not in page


def test_page_shows_rates_with_interval_and_dashes_without_data(client, sign_in):
    row = ActivityInvitationFactory(answer="accepted")
    ActivityInvitationFactory(activity=row.activity)
    sign_in("viewer", row.activity)

    page = text_of(client.get(url("activity_detail", row.activity.pk)))

    assert "<b>50%</b>" in page
    assert "95% interval 9% to 91%" in page
    assert "<b>–</b>" in page
    assert "Not noted yet" in page
    assert url("activity_mark", row.activity.pk) not in page or 'name="row"' not in page


def with_foreign_people():
    """An activity for two groups: Ann of the first, Zelda and Bob of the second."""
    row = ActivityInvitationFactory(contact__name="Ann", contact__email="ann@example.com")
    secret = ClientGroupFactory(name="Secret G2")
    row.activity.audience.add(secret)
    for name in ("Zelda", "Bob"):
        foreign = person_in(secret, name=name, client__name=f"Firm of {name}", phone="0105550")
        ActivityInvitationFactory(
            activity=row.activity, client=foreign.client, contact=foreign, member=False
        )
    return row.activity


def test_clients_that_the_reader_does_not_see_are_only_a_number(client, sign_in):
    activity = with_foreign_people()
    sign_in("lead", activity)
    path = url("activity_detail", activity.pk)

    page = text_of(client.get(path))
    searched = text_of(client.get(path + "?q=Zelda"))
    table = b"".join(client.get(url("activity_people", activity.pk)).streaming_content).decode()

    assert "Ann" in page
    assert "and 2 people of clients you do not see" in page
    assert "and 2 people of clients you do not see" in searched
    assert "and 1 group you do not see" in page
    for secret in ("Firm of Zelda", "Secret G2"):
        assert secret not in page + searched + table
    assert "ann@example.com" in table
    assert "Zelda" not in table + page

    preview = text_of(client.get(url("activity_audience", activity.pk)))
    assert "and 1 group you do not see" in preview
    assert "Secret G2" not in preview


def test_administrators_see_everybody_who_was_asked(client, sign_in):
    activity = with_foreign_people()
    sign_in("admin")

    page = text_of(client.get(url("activity_detail", activity.pk)))

    assert "Firm of Zelda" in page
    assert "Secret G2" in page
    assert "you do not see" not in page


def test_people_that_the_reader_does_not_see_cannot_be_marked(client, sign_in):
    activity = with_foreign_people()
    sign_in("lead", activity)
    foreign = activity.invitations.get(contact__name="Zelda")

    client.post(url("activity_mark", activity.pk), {"mark": "came", "row": [foreign.pk]})

    foreign.refresh_from_db()
    assert foreign.attended is None


def test_people_of_a_client_put_away_stay_known_to_its_group(client, sign_in):
    row = ActivityInvitationFactory(contact__name="Ann")
    lead = sign_in("lead", row.activity)
    archive_client(client=row.client, actor=lead)

    page = text_of(client.get(url("activity_detail", row.activity.pk)))

    assert "Ann" in page
    assert url("client_detail", row.client.pk) not in page
    assert "you do not see" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?list=accepted", {"Ann"}),
        ("?list=silent", {"Bob"}),
        ("?list=nonsense", {"Ann", "Bob"}),
        ("?q=an", {"Ann"}),
        ("?q=Harbour", {"Bob"}),
        ("?q=%25", set()),
    ],
)
def test_people_are_narrowed_by_the_address(client, sign_in, query, names):
    row = ActivityInvitationFactory(contact__name="Ann", client__name="Quay", answer="accepted")
    ActivityInvitationFactory(activity=row.activity, contact__name="Bob", client__name="Harbour")
    sign_in("viewer", row.activity)

    page = text_of(client.get(url("activity_detail", row.activity.pk) + query))

    shown = page.split('id="people"')[1]
    found = {name for name in ("Ann", "Bob") if name in shown.split("<table", 1)[-1]}
    assert (found if "<table" in shown else set()) == names


def test_page_is_the_same_fragment_for_htmx(client, sign_in):
    activity = ActivityInvitationFactory().activity
    sign_in("viewer", activity)
    path = url("activity_detail", activity.pk)

    fragment = text_of(client.get(path, headers=HTMX))

    assert "<html" not in fragment
    assert f'id="activity-{activity.pk}"' in text_of(client.get(path))
    assert f'id="activity-{activity.pk}"' in fragment


def test_cancelled_page_lists_who_must_be_told_by_hand(client, sign_in):
    activity = ActivityFactory(status="cancelled", cancelled_because="Storm")
    ActivityInvitationFactory(
        activity=activity, answer="accepted", contact__name="Ann", contact__email=""
    )
    ActivityInvitationFactory(activity=activity, answer="accepted", contact__name="Bob")
    sign_in("lead", activity)

    page = text_of(client.get(url("activity_detail", activity.pk)))

    told = page.split("groups-tell")[1].split("</ul>")[0]
    assert "Storm" in page
    assert "Ann" in told
    assert "Bob" not in told


# Steps -------------------------------------------------------------------------------------------


def test_reminder_says_how_many(client, sign_in):
    activity = ActivityInvitationFactory().activity
    sign_in("lead", activity)
    path = url("activity_remind", activity.pk)

    assert "1 person is reminded" in text_of(client.post(path, follow=True))
    assert "was reminded already" in text_of(client.post(path, follow=True))


def test_reminder_of_what_has_begun_is_refused(client, sign_in):
    activity = ActivityFactory(begun=True)
    sign_in("lead", activity)

    page = text_of(client.post(url("activity_remind", activity.pk), follow=True))

    assert "Nobody can be reminded" in page


def test_cancelling_asks_first_and_tells_then(client, sign_in):
    row = ActivityInvitationFactory(answer="accepted")
    sign_in("lead", row.activity)
    path = url("activity_cancel", row.activity.pk)

    assert "1 person has accepted" in text_of(client.get(path))
    assert Activity.objects.get().status == "invited"
    too_long = client.post(path, {"reason": "x" * 301})
    assert too_long.status_code == 422
    page = text_of(client.post(path, {"reason": "Storm"}, follow=True))

    assert "Cancelled: Storm" in page
    assert Message.objects.filter(kind="activity.cancelled").count() == 1


def test_done_and_open_again(client, sign_in):
    activity = ActivityInvitationFactory().activity
    sign_in("lead", activity)
    path = url("activity_close", activity.pk)

    assert "Marked as done" in text_of(client.post(path, follow=True))
    assert "open again" in text_of(client.post(path, {"done": "no"}, follow=True))
    Activity.objects.update(status="cancelled")
    assert "was cancelled" in text_of(client.post(path, follow=True))


# People ------------------------------------------------------------------------------------------


def test_ticked_people_are_noted_and_the_list_stays_open(client, sign_in):
    activity = ActivityFactory(begun=True)
    rows = [ActivityInvitationFactory(activity=activity, answer="accepted") for _ in range(3)]
    sign_in("member", activity)
    path = url("activity_mark", activity.pk)

    response = client.post(
        path, {"mark": "came", "row": [rows[0].pk], "query": "list=accepted&page=1"}
    )
    assert response["Location"] == f"{activity.get_absolute_url()}?list=accepted&page=1"
    client.post(path, {"mark": "absent", "row": [rows[1].pk]})
    assert "Noted for 2 people" in text_of(client.post(path, {"mark": "all_came"}, follow=True))

    assert activity.invitations.filter(attended=True).count() == 3
    assert AuditEvent.objects.filter(verb="activity.attended").count() == 3


def test_answers_told_by_phone_are_noted(client, sign_in):
    activity = ActivityFactory(invited=True, channel="phone")
    rows = [ActivityInvitationFactory(activity=activity, sent_at=None) for _ in range(3)]
    sign_in("member", activity)
    path = url("activity_mark", activity.pk)

    client.post(path, {"mark": "accepted", "row": [rows[0].pk]})
    client.post(path, {"mark": "declined", "row": [rows[1].pk]})
    client.post(path, {"mark": "asked", "row": [rows[2].pk]})

    found = activity.invitations.order_by("pk").values_list("answer", flat=True)
    assert list(found) == ["accepted", "declined", "none"]
    assert not activity.invitations.filter(sent_at=None).exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"mark": "came"}, "Tick at least one person"),
        ({"mark": "nonsense"}, "Tick at least one person"),
        ({"mark": "nonsense", "row": ["own"]}, "Nothing was noted"),
        ({"mark": "asked", "row": ["own"]}, "is known"),
    ],
)
def test_wrong_marks_are_refused_in_words(client, sign_in, data, sentence):
    row = ActivityInvitationFactory()
    sign_in("member", row.activity)
    if data.get("row") == ["own"]:
        data = data | {"row": [row.pk]}

    page = text_of(client.post(url("activity_mark", row.activity.pk), data, follow=True))

    assert sentence in page


def test_people_of_another_activity_cannot_be_marked(client, sign_in):
    own, foreign = ActivityInvitationFactory(), ActivityInvitationFactory()
    sign_in("lead", own.activity)

    client.post(url("activity_mark", own.activity.pk), {"mark": "came", "row": [foreign.pk]})

    foreign.refresh_from_db()
    assert foreign.attended is None


def test_return_address_cannot_lead_elsewhere(client, sign_in):
    row = ActivityInvitationFactory()
    sign_in("member", row.activity)

    response = client.post(
        url("activity_mark", row.activity.pk),
        {"mark": "came", "row": [row.pk], "query": "//evil.example"},
    )

    assert response["Location"] == row.activity.get_absolute_url()


def test_list_is_exported_without_running_formulas(client, sign_in):
    activity = ActivityFactory(invited=True, channel="phone", name="Calls")
    ActivityInvitationFactory(
        activity=activity, client__name="=cmd()", contact__name="陈宇", attended=True
    )
    ActivityInvitationFactory(activity=activity, sent_at=None)
    sign_in("lead", activity)

    response = client.get(url("activity_people", activity.pk) + "?list=nonsense")
    text = b"".join(response.streaming_content).decode("utf-8-sig")

    lines = text.splitlines()
    assert len(lines) == 3
    assert "'=cmd()" in text
    assert "陈宇" in text
    assert "/i/" not in text
    short = client.get(url("activity_people", activity.pk) + "?list=unasked")
    assert len(b"".join(short.streaming_content).decode().splitlines()) == 2
