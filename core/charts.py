"""Server-made SVG for pages, print and mail.

Text and marks use percentages; paths sit in a stretched inner <svg>: sharp at every width, no
inline style, colours from classes, so dark mode and print need nothing. Every figure stands in a
table behind "Data", so the picture carries a title and a description and no more.
"""

import math
import zlib

from django.utils.html import escape
from django.utils.safestring import mark_safe

DESK, PHONE = 480, 270  # the narrowest drawing that labels must fit into, in pixels
MANY_BARS = 8
GAP = 1.2  # per cent between the pieces of a bar


def nice_ticks(low, high, about=5):
    """Round numbers from low to high, at most `about` steps apart."""
    span = high - low or 1
    step = 10 ** math.floor(math.log10(span / about))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= about)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 6) for number in range(first, last + 1)]


def _f(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _points(pairs):
    return " ".join(f"{_f(x)},{_f(y)}" for x, y in pairs)


def _frame(title, desc, height, inner, cls="chart"):
    key = f"c{zlib.crc32(f'{title}{desc}{inner}'.encode()):x}"
    return mark_safe(  # noqa: S308
        f'<svg class="{cls}" width="100%" height="{height}" role="img" '
        f'aria-labelledby="{key}t {key}d"><title id="{key}t">{escape(title)}</title>'
        f'<desc id="{key}d">{escape(desc)}</desc>{inner}</svg>'
    )


def _runs(values, gaps=True):
    """Indexes of values without a gap between them: a missing month must not look like a line.

    Without `gaps` one run of all that is known: values of odd dates are joined.
    """
    run = []
    if not gaps:
        run, values = [i for i, value in enumerate(values) if value is not None], ()
    for index, value in enumerate(values):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append(index)
    if run:
        yield run


class _Plane:
    """Maps (index, value) to a 100 × 100 square."""

    def __init__(self, count, low, high):
        self.count, self.low, self.high = count, low, high

    def x(self, index):
        return (index + 0.5) / self.count * 100

    def y(self, value):
        value = min(max(value, self.low), self.high)
        return (1 - (value - self.low) / (self.high - self.low)) * 100

    def path(self, pairs):
        return _points((self.x(index), self.y(value)) for index, value in pairs)


def _range(series, y_min, y_max):
    values = [value for row in series for value in row if value is not None]
    low = min(values, default=0) if y_min is None else y_min
    high = max(values, default=1) if y_max is None else y_max
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    room = (high - low) * 0.08
    return (low - room if y_min is None else low), (high + room if y_max is None else high)


def _grid(plane):
    for tick in nice_ticks(plane.low, plane.high):
        y = _f(plane.y(tick))
        yield f'<line class="grid" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
        yield f'<text class="tick" x="-8" y="{y}%" dy="4" text-anchor="end">{tick:g}</text>'


def _width(text):
    """Roughly how many pixels a label takes."""
    return sum(12 if ord(sign) > 0x2E80 else 6.4 for sign in text) + 12


def _month_labels(plane, labels):
    """As many labels as have room, the last one always; `opt` ones give way on a phone."""
    room = max(map(_width, labels), default=1) * len(labels)
    step = math.ceil(room / DESK)
    rare = step * math.ceil(room / PHONE / step)
    for index, label in enumerate(labels):
        back = len(labels) - 1 - index
        if back % step:
            continue
        opt = " opt" if back % rare else "" if back else " last"
        x = _f(plane.x(index))
        yield f'<text class="tick{opt}" x="{x}%" y="100%" dy="18" text-anchor="middle">'
        yield f"{escape(label)}</text>"


def _bands(plane, points, low, high, gaps):
    for run in _runs(points, gaps):
        run = [i for i in run if low[i] is not None and high[i] is not None]
        if len(run) > 1:
            edge = [(i, high[i]) for i in run] + [(i, low[i]) for i in reversed(run)]
            yield f'<polygon class="band" points="{plane.path(edge)}"/>'


def _forecast(plane, points, low, high, forecast):
    last = max((i for i, value in enumerate(points) if value is not None), default=None)
    if last is None or not forecast:
        return
    middle = [(last, points[last]), *forecast["mid"]]
    if forecast.get("low") and forecast.get("high"):
        start = [bound[last] if bound else None for bound in (low, high)]
        start = [points[last] if value is None else value for value in start]
        bottom, top = [(last, start[0]), *forecast["low"]], [(last, start[1]), *forecast["high"]]
        yield f'<polygon class="band fc" points="{plane.path(top + bottom[::-1])}"/>'
    yield f'<polyline class="ln fc" points="{plane.path(middle)}"/>'


def _dots(plane, points, labels, low, high):
    last = max((i for i, value in enumerate(points) if value is not None), default=None)
    for index, value in enumerate(points):
        if value is None:
            continue
        cls, radius = ("dot last", 4.5) if index == last else ("dot", 3)
        band = ""
        if low and high and low[index] is not None and high[index] is not None:
            band = f" ({low[index]:g}–{high[index]:g})"
        yield (
            f'<circle class="{cls}" cx="{_f(plane.x(index))}%" cy="{_f(plane.y(value))}%" '
            f'r="{radius}"><title>{escape(labels[index])}: {value:g}{band}</title></circle>'
        )


def _target(plane, target, label, points):
    """The line of the target, its label away from where the curve starts."""
    y = _f(plane.y(target))
    first = next((value for value in points if value is not None), None)
    below = first is not None and first >= target and plane.y(target) < 90
    yield f'<line class="target" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
    yield f'<text class="target-l" x="2" y="{y}%" dy="{15 if below else -7}">{escape(label)}</text>'


def line(
    points, labels, *, title, desc, low=None, high=None, target=None, target_label="",
    forecast=None, today=None, plan=None, gaps=True, y_min=None, y_max=None,
    height=300,
):  # fmt: skip
    """A line with its band, target and forecast. None is a gap.

    `forecast` is {"mid": [(index, value)…], "low": …, "high": …} and continues the last point;
    `plan` is [(index, value)…], the line that was to be followed.
    """
    ahead = [[value for _, value in rows] for rows in (forecast or {}).values()]
    ahead.append([value for _, value in plan or ()])
    rows = [points, low or [], high or [], [target], *ahead]
    plane = _Plane(max(len(labels), 1), *_range(rows, y_min, y_max))
    paths = []
    if low and high:
        paths += _bands(plane, points, low, high, gaps)
    if plan:
        paths.append(f'<polyline class="ln pl" points="{plane.path(plan)}"/>')
    paths += _forecast(plane, points, low, high, forecast)
    for run in _runs(points, gaps):
        paths.append(f'<polyline class="ln" points="{plane.path((i, points[i]) for i in run)}"/>')
    parts = [f'<svg y="6" width="100%" height="{height - 32}" overflow="visible">', *_grid(plane)]
    parts.append(_stretched("".join(paths)))
    if target is not None:
        parts += _target(plane, target, target_label, points)
    if today is not None:
        x = _f(plane.x(today))
        parts.append(f'<line class="today" x1="{x}%" x2="{x}%" y1="0" y2="100%"/>')
    parts += _dots(plane, points, labels, low, high)
    parts += [*_month_labels(plane, labels), "</svg>"]
    return _frame(title, desc, height, "".join(parts))


def _stretched(inner):
    return (
        '<svg width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none" '
        f'overflow="visible">{inner}</svg>'
    )


def bars(values, labels, *, title, desc, tones=None, height=220):
    """Upright bars from zero; None leaves the place empty."""
    plane = _Plane(max(len(labels), 1), *_range([values, [0]], 0, None))
    width = 100 / plane.count * 0.6
    parts = [f'<svg y="14" width="100%" height="{height - 40}" overflow="visible">', *_grid(plane)]
    for index, value in enumerate(values):
        if value is None:
            continue
        tone = tones[index] if tones else ""
        x, y = plane.x(index) - width / 2, plane.y(value)
        parts.append(
            f'<rect class="bar-f {tone}" x="{_f(x)}%" y="{_f(y)}%" width="{_f(width)}%" '
            f'height="{_f(100 - y)}%" rx="3">'
            f"<title>{escape(labels[index])}: {value:g}</title></rect>"
            f'<text class="bar-n" x="{_f(plane.x(index))}%" y="{_f(y)}%" dy="-5" '
            f'text-anchor="middle">{_short(value, plane.count)}</text>'
        )
    parts += [*_month_labels(plane, labels), "</svg>"]
    return _frame(title, desc, height, "".join(parts))


def _short(value, count):
    """Whole numbers over many bars, so that they do not touch on a phone."""
    if count > MANY_BARS and abs(value) >= 10:
        return str(math.floor(value + 0.5))
    return f"{value:g}"


def hbars(rows, *, title, desc, maximum=None):
    """Lying bars of [(label, value, tone)]: labels above, so that long words fit."""
    top = maximum or max((value or 0 for _, value, _ in rows), default=0) or 1
    parts = []
    for index, (label, value, tone) in enumerate(rows):
        y = index * 38
        share = _f((value or 0) / top * 100)
        shown = "–" if value is None else f"{value:g}"
        parts.append(
            f'<text class="bar-l" x="0" y="{y + 12}">{escape(label)}</text>'
            f'<text class="bar-n" x="100%" y="{y + 12}" text-anchor="end">{shown}</text>'
            f'<rect class="bar-t" x="0" y="{y + 19}" width="100%" height="8" rx="4"/>'
            f'<rect class="bar-f {tone}" x="0" y="{y + 19}" width="{share}%" height="8" rx="4"/>'
        )
    return _frame(title, desc, max(1, len(rows)) * 38, "".join(parts), "chart wide")


def spark(values):
    """A small line without axes; the figure beside it says what it means. Gaps are left out."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    low = min(value for _, value in known)
    span = max(value for _, value in known) - low or 1
    steps = known[-1][0] - known[0][0]
    path = _points(
        ((index - known[0][0]) / steps * 100, (1 - (value - low) / span) * 84 + 8)
        for index, value in known
    )
    return mark_safe(  # noqa: S308
        '<svg class="spark" aria-hidden="true" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f'<polygon points="0,100 {path} 100,100"/><polyline points="{path}"/></svg>'
    )


def segments(pieces, *, title=""):
    """One bar cut into [(tone, n)]: how many of each. Without a title it is decoration."""
    pieces = [(tone, n) for tone, n in pieces if n]
    total = sum(n for _, n in pieces)
    if not total:
        return ""
    room = 100 - GAP * (len(pieces) - 1)
    x, parts = 0.0, []
    for tone, n in pieces:
        width = n / total * room
        parts.append(
            f'<rect class="{escape(tone)}" x="{_f(x)}%" width="{_f(width)}%" height="8" rx="4"/>'
        )
        x += width + GAP
    return _strip("".join(parts), title)


def meter(share, *, plan=None, tone="ok", title=""):
    """A bar filled to a share from 0 to 1, with a mark where the plan is."""
    if share is None:
        return ""
    inner = '<rect class="trk" width="100%" height="8" rx="4"/>'
    inner += f'<rect class="{escape(tone)}" width="{_f(min(max(share, 0), 1) * 100)}%" '
    inner += 'height="8" rx="4"/>'
    if plan is not None:
        x = _f(min(max(plan, 0), 1) * 100)
        inner += f'<line class="plan" x1="{x}%" x2="{x}%" y1="-2" y2="10"/>'
    return _strip(inner, title)


def _strip(inner, title):
    name = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    return mark_safe(f'<svg class="segs" {name} width="100%" height="10">{inner}</svg>')  # noqa: S308
