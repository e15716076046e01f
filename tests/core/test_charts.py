import re
from xml.etree import ElementTree

import pytest

from core import charts

LABELS = ["Jun", "Jul", "Aug", "Sep"]
HOSTILE = '"><script>alert(1)</script>'


def line(**changes):
    given = {"points": [71.0, 72.5, None, 76.0], "labels": LABELS, "title": "T", "desc": "D"}
    return charts.line(**(given | changes))


def elements(svg, tag, cls=None):
    found = ElementTree.fromstring(svg).iter(tag)  # noqa: S314
    return [e for e in found if cls is None or cls in e.get("class", "").split()]


def test_line_leaves_a_gap_where_nothing_was_measured():
    svg = line()

    runs = elements(svg, "polyline", "ln")
    assert [len(run.get("points").split()) for run in runs] == [2, 1]
    assert len(elements(svg, "circle")) == 3


def test_line_joins_odd_dates_when_told_so():
    assert len(elements(line(gaps=False), "polyline", "ln")) == 1


def test_line_draws_band_target_forecast_plan_and_today():
    svg = line(
        low=[70, 71, None, None],
        high=[73, 74, None, None],
        target=85,
        target_label="Target 85",
        forecast={"mid": [(3, 80)], "low": [(3, 75)], "high": [(3, 88)]},
        plan=[(0, 71), (3, 85)],
        today=2,
    )

    assert len(elements(svg, "polygon", "band")) == 2
    assert len(elements(svg, "line", "target")) == 1
    assert len(elements(svg, "line", "today")) == 1
    assert len(elements(svg, "polyline", "fc")) == 1
    assert "Target 85" in svg
    assert "Jul: 72.5 (71–74)" in svg


def test_forecast_with_bounds_starts_at_the_point_when_it_has_none():
    ahead = {"mid": [(3, 80)], "low": [(3, 75)], "high": [(3, 88)]}

    (band,) = elements(line(points=[71, 72, 73, None], forecast=ahead), "polygon", "fc")

    first, *_, last = band.get("points").split()
    assert first == last


def test_forecast_without_bounds_is_a_line_alone():
    svg = line(forecast={"mid": [(3, 80)]})

    assert elements(svg, "polyline", "fc")
    assert not elements(svg, "polygon")


def test_line_without_values_draws_no_curve():
    svg = line(points=[None] * 4, low=[None] * 4, high=[None] * 4, forecast={"mid": [(1, 2)]})

    assert not elements(svg, "polyline")
    assert not elements(svg, "circle")


def test_line_of_one_value_stays_inside_the_picture():
    svg = line(points=[50, None, None, None])

    (dot,) = elements(svg, "circle")
    assert 0 <= float(dot.get("cy").rstrip("%")) <= 100


def test_label_of_the_target_avoids_a_curve_above_it():
    above = elements(line(target=60, y_min=40), "text", "target-l")[0]
    below = elements(line(target=85), "text", "target-l")[0]

    assert (above.get("dy"), below.get("dy")) == ("15", "-7")


@pytest.mark.parametrize("label", ["{}", "September {}", "2026年{}月"])
def test_labels_that_have_no_room_are_left_out_but_never_the_last(label):
    labels = [label.format(n) for n in range(24)]

    svg = charts.line([1] * 24, labels, title="T", desc="D")

    shown = [e for e in elements(svg, "text") if e.get("text-anchor") == "middle"]
    on_phone = [e for e in shown if "opt" not in e.get("class")]
    assert sum(charts._width(e.text) for e in shown) <= charts.DESK + charts._width(labels[-1])
    assert sum(charts._width(e.text) for e in on_phone) <= charts.PHONE + charts._width(labels[-1])
    assert on_phone[-1].text == labels[-1]


def test_bars_start_at_zero_and_skip_what_is_unknown():
    svg = charts.bars([4, None, 8], ["1", "2", "3"], title="T", desc="D", tones=["", "", "late"])

    heights = [float(e.get("height").rstrip("%")) for e in elements(svg, "rect")]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.1)
    assert len(elements(svg, "rect", "late")) == 1
    assert len(elements(charts.bars([1], ["1"], title="T", desc="D"), "rect")) == 1


def test_many_bars_carry_whole_numbers_so_that_they_do_not_touch():
    few = charts.bars([40.5, 3.2], ["1", "2"], title="T", desc="D")
    many = charts.bars([40.5, 3.2, 12] * 4, list("abcdefghijkl"), title="T", desc="D")

    def numbers(svg):
        return [text.text for text in elements(svg, "text", "bar-n")]

    assert numbers(few) == ["40.5", "3.2"]
    assert numbers(many)[:3] == ["41", "3.2", "12"]
    assert ">a: 40.5<" in many


def test_lying_bars_show_a_dash_for_no_data():
    svg = charts.hbars([("A", 5, "ok"), ("B", None, "")], title="T", desc="D", maximum=10)

    assert [e.get("width") for e in elements(svg, "rect", "bar-f")] == ["50%", "0%"]
    assert ">–<" in svg
    assert charts.hbars([], title="T", desc="D")


def test_spark_needs_two_values():
    assert charts.spark([None, 3]) == ""
    assert "polyline" in charts.spark([1, None, 3])
    assert "polyline" in charts.spark([2, 2])


def test_segments_share_the_whole_width():
    svg = charts.segments([("ok", 7), ("risk", 0), ("late", 1)], title="7 fine, 1 late")

    widths = [float(e.get("width").rstrip("%")) for e in elements(svg, "rect")]
    assert sum(widths) + charts.GAP == pytest.approx(100, abs=0.1)
    assert 'role="img"' in svg
    assert charts.segments([("ok", 0)]) == ""
    assert 'aria-hidden="true"' in charts.segments([("ok", 1)])


def test_meter_is_capped_and_marks_the_plan():
    svg = charts.meter(1.4, plan=0.5, tone="late")

    assert [e.get("width") for e in elements(svg, "rect")] == ["100%", "100%"]
    assert elements(svg, "line", "plan")[0].get("x1") == "50%"
    assert charts.meter(None) == ""
    assert not elements(charts.meter(0.4), "line")


@pytest.mark.parametrize(
    "svg",
    [
        line(title=HOSTILE, desc=HOSTILE, labels=[HOSTILE] * 4, target=80, target_label=HOSTILE),
        charts.bars([1], [HOSTILE], title=HOSTILE, desc=HOSTILE),
        charts.hbars([(HOSTILE, 1, "ok")], title=HOSTILE, desc=HOSTILE),
        charts.segments([(HOSTILE, 1)], title=HOSTILE),
        charts.meter(0.5, tone=HOSTILE, title=HOSTILE),
    ],
)
def test_charts_escape_what_people_wrote(svg):
    assert "<script" not in svg
    assert not re.search(r"\sstyle=|\son\w+=", svg)


def test_two_charts_of_a_page_have_different_ids():
    one, other = line(title="One"), line(title="Two")

    ids = re.findall(r'\sid="([^"]+)"', one + other)
    assert len(ids) == len(set(ids)) == 4


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(64, 94, [70, 80, 90]), (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (5, 5, [5])],
)
def test_ticks_are_round(low, high, ticks):
    assert charts.nice_ticks(low, high) == ticks
