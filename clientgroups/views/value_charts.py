"""Pictures of the value pages; each stands before the table with the same figures."""

from django.utils.translation import gettext as _

from core import charts, formats, stats


def retention_chart(periods, rows):  # noqa: ANN001, ANN201
    shares = [
        row.share if row.share.state not in (stats.NONE, stats.HIDDEN) else None for row in rows
    ]
    labels = [period.label for period in periods]
    points = [round(share.rate * 100, 1) if share else None for share in shares]
    low = [round(share.low * 100, 1) if share else None for share in shares]
    high = [round(share.high * 100, 1) if share else None for share in shares]
    known = any(point is not None for point in points)
    title = _("Retention")
    svg = charts.line(
        points,
        labels,
        title=title,
        desc=_("Share of the active clients that were still active at the end of each period."),
        low=low,
        high=high,
        y_min=0,
        y_max=100,
        height=240,
    )
    return {
        "id": "retention-chart",
        "title": title,
        "sub": _("in per cent, with its confidence interval"),
        "svg": svg if known else "",
        "empty_text": _("Nobody was active before any of these periods."),
        "head": [_("Period"), _("Retention"), _("from"), _("to"), _("Clients")],
        "rows": [
            [
                label,
                *(formats.number(value, 1) for value in values),
                row.start_n or None,
            ]
            for label, *values, row in zip(labels, points, low, high, rows, strict=True)
        ],
    }


def sales_chart(periods, growths, currency):  # noqa: ANN001, ANN201
    totals = [growth.current.total for growth in growths]
    known = [total for total in totals if total is not None]
    unit, divisor = _unit(max(known, default=0))
    labels = [period.label for period in periods]
    tones = ["info" if period.partial else "" for period in periods]
    title = _("Sales")
    svg = charts.bars(
        [None if total is None else round(float(total) / divisor, 1) for total in totals],
        labels,
        title=title,
        desc=_("Sales of each period in the currency of sums."),
        tones=tones,
        height=240,
    )
    return {
        "id": "sales-chart",
        "title": title,
        "sub": unit % {"currency": currency},
        "svg": svg if known else "",
        "empty_text": _("No sale in these periods."),
        "head": [_("Period"), _("Sales")],
        "rows": [
            [label, formats.money(total, currency)]
            for label, total in zip(labels, totals, strict=True)
        ],
    }


def _unit(most):
    if most >= 10_000_000:
        return _("in millions of %(currency)s"), 1_000_000
    if most >= 10_000:
        return _("in thousands of %(currency)s"), 1_000
    return _("in %(currency)s"), 1
