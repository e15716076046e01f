"""A client's health in words: figure, band, drivers with their evidence, and how it went."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clientgroups.models import Client, ClientHealth, ClientSilence, HealthPolicy
from clientgroups.selectors.health import DRIVERS, health_policy
from core import formats

GOOD, WATCH, POOR = "good", "watch", "poor"
BANDS = {
    GOOD: (gettext_lazy("Good"), "ok", "mood-smile"),
    WATCH: (gettext_lazy("Watch"), "risk", "mood-neutral"),
    POOR: (gettext_lazy("Poor"), "late", "mood-sad"),
}
# A change of this many points in a quarter is worth a word.
MOVE, QUARTER = 5, 91
TREND_DAYS, ROWS = 365, 120
SILENCE = ("last_on", "usual_days", "since")


@dataclass(frozen=True)
class DriverView:
    """One reason: its points, how much it weighs, what it found, and where to look."""

    key: str
    label: str
    icon: str
    points: int
    weight: int
    share: int
    words: str
    url: str
    tone: str


@dataclass(frozen=True)
class Band:
    """Good, watch or poor: never by colour alone."""

    key: str
    label: str
    tone: str
    icon: str


@dataclass(frozen=True)
class HealthView:
    """Everything a page says about a client's health."""

    client: Client
    score: int | None
    band: Band | None
    as_of: dt.date | None
    drivers: list[DriverView]
    missing: list[str]
    trend: list[tuple[dt.date, int | None]]
    change: int | None
    engagement: float | None
    silence: ClientSilence | None
    sentence: str


def band_of(score: int | None, policy: HealthPolicy) -> Band | None:
    """The band of a figure; none without one."""
    if score is None:
        return None
    key = GOOD if score >= policy.good_from else WATCH if score >= policy.watch_from else POOR
    label, tone, icon = BANDS[key]
    return Band(key, str(label), tone, icon)


def health_of(client: Client) -> HealthView:
    """The stored figure with its reasons and course: two small queries."""
    policy = health_policy()
    since = timezone.localdate() - dt.timedelta(days=TREND_DAYS)
    rows, silence = _stored(client)
    latest = rows[0] if rows else None
    drivers = _drivers(latest, client, policy)
    trend = [(row.as_of, row.score) for row in reversed(rows) if row.as_of >= since]
    known = {driver.key for driver in drivers}
    change = _change(rows, client.health)
    return HealthView(
        client=client,
        score=client.health,
        band=band_of(client.health, policy),
        as_of=client.health_as_of,
        drivers=drivers,
        missing=[str(one.label) for key, one in DRIVERS.items() if key not in known],
        trend=trend,
        change=change,
        engagement=client.engagement,
        silence=silence,
        sentence=_sentence(client, drivers, change),
    )


def _stored(client):
    """(rows of the history, newest first, the silence if there is one): one query for both."""
    names = ("as_of", "score", "drivers")
    found = list(
        Client.objects.filter(pk=client.pk)
        .order_by("-health_history__as_of")
        .values_list(
            *(f"health_history__{name}" for name in names),
            *(f"silence__{name}" for name in SILENCE),
        )[:ROWS]
    )
    rows = [ClientHealth(client=client, **dict(zip(names, row[:3], strict=True)))
            for row in found if row[0]]  # fmt: skip
    values = found[0][3:]
    silence = ClientSilence(client=client, **dict(zip(SILENCE, values, strict=True)))
    return rows, silence if values[0] else None


def _drivers(latest: ClientHealth | None, client, policy):
    found = [one for one in (latest.drivers if latest else []) if one["key"] in DRIVERS]
    total = sum(one["weight"] for one in found)
    return [
        DriverView(
            key=one["key"],
            label=str(DRIVERS[one["key"]].label),
            icon=DRIVERS[one["key"]].icon,
            points=one["points"],
            weight=one["weight"],
            share=round(100 * one["weight"] / total),
            words=DRIVERS[one["key"]].words(one["found"]),
            url=DRIVERS[one["key"]].evidence(client.pk),
            tone=band_of(one["points"], policy).tone,
        )
        for one in found
    ]


def _change(rows, score):
    """Points gained since a quarter ago; none where the figure was not known then."""
    day = timezone.localdate() - dt.timedelta(days=QUARTER)
    then = next((row.score for row in rows if row.as_of <= day), None)
    return None if then is None or score is None else score - then


def _sentence(client, drivers, change):
    """What pulls the figure up or down most, in one sentence."""
    if client.health is None:
        return _("Too little is known for a figure: at least two drivers are needed.")
    worst = max(drivers, key=lambda one: one.weight * (100 - one.points), default=None)
    if worst is None or worst.points >= 95:
        text = _("Nothing pulls the figure down.")
    else:
        text = _("Most is lost to: %(driver)s.") % {"driver": worst.label}
    if change is not None and abs(change) >= MOVE:
        words = {"change": formats.signed(change, 0)}
        return text + " " + _("%(change)s points in three months.") % words
    return text


def silence_words(silence: ClientSilence, today: dt.date) -> str:
    """Since when a client says nothing, and what would be usual."""
    days = max(round(silence.usual_days), 1)
    words = {"day": formats.day(silence.last_on), "every": days}
    words["quiet"] = (today - silence.last_on).days
    return (
        ngettext(
            "No sign of life since %(day)s (%(quiet)s days); usually one every day.",
            "No sign of life since %(day)s (%(quiet)s days); usually one every %(every)s days.",
            days,
        )
        % words
    )
