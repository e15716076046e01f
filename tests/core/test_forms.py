import datetime as dt

from core import forms


def test_dates_are_native_fields_with_iso_values():
    day = dt.date(2026, 11, 23)

    html = forms.DateInput().render("due", day)

    assert 'type="date"' in html
    assert 'value="2026-11-23"' in html
    moment = forms.DateTimeInput().render("at", dt.datetime(2026, 11, 23, 9, 5))  # noqa: DTZ001
    assert 'type="datetime-local"' in moment
    assert 'value="2026-11-23T09:05"' in moment


def test_long_text_keeps_a_draft_when_named():
    assert 'data-draft="task-7"' in forms.TextArea(draft="task-7").render("text", "")
    assert "data-draft" not in forms.TextArea({"rows": 8}).render("text", "")


def test_number_keeps_what_is_no_number():
    html = forms.NumberInput().render("amount", "twelve")

    assert 'value="twelve"' in html
    assert 'inputmode="decimal"' in html
    assert 'inputmode="numeric"' in forms.NumberInput(whole=True).render("n", 1)


def test_search_is_a_search_field():
    assert 'type="search"' in forms.SearchInput().render("q", "")
