"""One event as an iCalendar file (RFC 5545), which every calendar program opens."""

import datetime as dt
import unicodedata
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.http import content_disposition_header

OCTETS = 75  # of one line, its line end not counted


@dataclass(frozen=True)
class Event:
    """What a calendar keeps. A later copy replaces an earlier one by `uid` and `sequence`."""

    uid: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    changed_at: dt.datetime
    summary: str
    description: str = ""
    place: str = ""
    url: str = ""
    sequence: int = 0
    cancelled: bool = False


def calendar_of(event):
    """The text of the file: UTC times, escaped texts, folded lines."""
    lines = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//Tandem//Tandem//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "CANCEL" if event.cancelled else "PUBLISH"),
        ("BEGIN", "VEVENT"),
        ("UID", _text(event.uid)),
        ("DTSTAMP", _moment(event.changed_at)),
        ("SEQUENCE", str(event.sequence)),
        ("DTSTART", _moment(event.starts_at)),
        ("DTEND", _moment(event.ends_at) if event.ends_at else ""),
        ("SUMMARY", _text(event.summary)),
        ("DESCRIPTION", _text(event.description)),
        ("LOCATION", _text(event.place)),
        ("URL", _address(event.url)),
        ("STATUS", "CANCELLED" if event.cancelled else "CONFIRMED"),
        ("END", "VEVENT"),
        ("END", "VCALENDAR"),
    ]
    return "".join(fold(f"{name}:{value}") for name, value in lines if value)


def _moment(value):
    return value.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value):
    """Text as a property holds it; control characters have no place in it."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = "".join(sign for sign in value if sign in "\n\t" or unicodedata.category(sign) != "Cc")
    for sign in ("\\", ";", ","):
        value = value.replace(sign, "\\" + sign)
    return value.replace("\n", "\\n")


def _address(value):
    """A URI is not escaped; one that holds blanks or control characters is none."""
    return value if value.isprintable() and " " not in value else ""


def fold(line):
    """A line in pieces of at most 75 octets, cut between characters; a blank continues it."""
    pieces, size = [""], 0
    for sign in line:
        width = len(sign.encode())
        if size + width > OCTETS:
            pieces.append("")
            size = 1  # the blank
        pieces[-1] += sign
        size += width
    return "\r\n ".join(pieces) + "\r\n"


def calendar_response(event, name):
    """The file as a download."""
    method = "CANCEL" if event.cancelled else "PUBLISH"
    response = HttpResponse(
        calendar_of(event), content_type=f"text/calendar; charset=utf-8; method={method}"
    )
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
