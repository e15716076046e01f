import datetime as dt

import vobject
from hypothesis import given
from hypothesis import strategies as st

from core.ics import OCTETS, Event, calendar_of, calendar_response, fold

NINE = dt.datetime(2026, 12, 1, 17, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def event(**fields):
    standing = {
        "uid": "activity-7@tandem.example",
        "starts_at": NINE,
        "ends_at": NINE + dt.timedelta(hours=2),
        "changed_at": NINE - dt.timedelta(days=3),
        "summary": "Harvest evening",
    }
    return Event(**(standing | fields))


def read(text):
    return vobject.readOne(text).vevent


def test_event_is_read_back_by_a_library():
    found = read(
        calendar_of(
            event(
                summary="Tea; cakes, and 丰收之夜 \\ more",
                description="First line\nSecond, with comma\r\nThird",
                place="Quay 4, Hall B",
                url="https://tandem.example/i/abc/",
                sequence=2,
            )
        )
    )

    assert found.summary.value == "Tea; cakes, and 丰收之夜 \\ more"
    assert found.description.value == "First line\nSecond, with comma\nThird"
    assert found.location.value == "Quay 4, Hall B"
    assert found.url.value == "https://tandem.example/i/abc/"
    assert found.dtstart.value == NINE
    assert found.dtend.value == NINE + dt.timedelta(hours=2)
    assert found.sequence.value == "2"
    assert found.status.value == "CONFIRMED"


def test_event_without_end_leaves_the_end_out():
    text = calendar_of(event(ends_at=None))

    assert "DTEND" not in text
    assert "DTSTART:20261201T090000Z\r\n" in text
    assert "DTSTAMP:20261128T090000Z\r\n" in text


def test_cancelled_event_takes_itself_out_of_calendars():
    text = calendar_of(event(cancelled=True))

    assert "METHOD:CANCEL\r\n" in text
    assert "STATUS:CANCELLED\r\n" in text


def test_text_cannot_add_lines_of_its_own():
    hostile = "x\r\nBEGIN:VALARM\r\nATTACH:http://evil.example\x00\x1b"

    text = calendar_of(event(summary=hostile, uid=hostile, url="https://a.example/\r\nX:1"))

    assert "\r\nBEGIN:VALARM" not in text
    assert "\r\nX:1" not in text
    assert "\x00" not in text
    assert read(text).summary.value == "x\nBEGIN:VALARM\nATTACH:http://evil.example"


@given(st.text(max_size=400))
def test_folded_lines_are_short_and_give_the_text_back(text):
    text = text.replace("\r", "").replace("\n", "")

    folded = fold(f"SUMMARY:{text}")

    assert all(len(line.encode()) <= OCTETS for line in folded.split("\r\n"))
    assert folded.removesuffix("\r\n").replace("\r\n ", "") == f"SUMMARY:{text}"


def test_response_is_a_download_of_a_calendar():
    response = calendar_response(event(), "event.ics")

    assert response["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert response["Content-Disposition"] == 'attachment; filename="event.ics"'
    assert response.content.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")


def test_response_of_a_cancelled_event_says_so():
    assert "method=CANCEL" in calendar_response(event(cancelled=True), "event.ics")["Content-Type"]
