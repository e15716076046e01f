import calendar
import datetime as dt


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day some months earlier, or the last day of a month that is too short."""
    index = day.year * 12 + day.month - 1 - months
    year, month = max(index // 12, 1), index % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
