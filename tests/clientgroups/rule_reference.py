"""Rules worked out slowly, in Python, from plain facts: what the SQL has to agree with.

A person is a dictionary; `holds(person, rule)` reads a checked rule. Nothing here is shared with
the product but the words of the rule.
"""

import calendar
import datetime as dt
from decimal import Decimal
from fractions import Fraction

TODAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)


# Time --------------------------------------------------------------------------------------------


def shifted(day, months):
    """The same day some months away, or the last one of a shorter month."""
    months += day.month - 1
    year, month = day.year + months // 12, months % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def back(window):
    n = window["n"]
    if window["unit"] in ("days", "weeks"):
        return TODAY - n * (7 if window["unit"] == "weeks" else 1) * DAY
    return shifted(TODAY, -n * (12 if window["unit"] == "years" else 1))


def on(window):
    n = window["n"]
    if window["unit"] in ("days", "weeks"):
        return TODAY + n * (7 if window["unit"] == "weeks" else 1) * DAY
    return shifted(TODAY, n * (12 if window["unit"] == "years" else 1))


def in_period(day, period):
    if "from" in period:
        return period["from"] <= day.isoformat() <= period["to"]
    if "n" in period:
        return back(period) < day <= TODAY
    which, unit = period["period"].split("_")
    size = {"month": 1, "quarter": 3, "year": 12}[unit]

    def number(one):
        return (one.year * 12 + one.month - 1) // size

    return number(day) == number(TODAY) - (which == "last")


def comes_round(day, window):
    """Each day ahead is tried; the 29th of February is kept on the 28th in common years."""
    one = TODAY
    while one <= on(window):
        leap = day.month == 2 and day.day == 29 and not calendar.isleap(one.year)
        same = (one.month, one.day) == ((2, 28) if leap else (day.month, day.day))
        if same and one.year > day.year:
            return True
        one += DAY
    return False


# Operators ---------------------------------------------------------------------------------------


def number_holds(found, node):
    op, value = node["op"], node.get("value")
    if op in ("known", "empty"):
        return (found is None) == (op == "empty")
    if found is None:
        return False
    found = Fraction(found)
    if op == "between":
        return Fraction(value["low"]) <= found <= Fraction(value["high"])
    value = Fraction(value)
    return {
        "eq": found == value,
        "ne": found != value,
        "gte": found >= value,
        "lte": found <= value,
        "gt": found > value,
        "lt": found < value,
    }[op]


def text_holds(found, node):
    found, op, value = found or "", node["op"], node.get("value")
    if op in ("known", "empty"):
        return (found == "") == (op == "empty")
    if op == "one_of":
        return found in value
    if op in ("is", "is_not"):
        return (found == value) == (op == "is")
    large, asked = found.upper(), value.upper()
    return {
        "contains": asked in large,
        "not_contains": asked not in large,
        "starts": large.startswith(asked),
        "ends": large.endswith(asked),
    }[op]


def date_holds(found, node):
    op, value = node["op"], node.get("value")
    if op in ("known", "empty"):
        return (found is None) == (op == "empty")
    if found is None:
        return False
    if op == "within":
        return in_period(found, value)
    if op == "older":
        return found <= back(value)
    if op == "anniversary":
        return comes_round(found, value)
    return (found.isoformat() >= value) == (op == "from")


def choice_holds(found, node):
    op, value = node["op"], node.get("value")
    if op in ("known", "empty"):
        return (found is None) == (op == "empty")
    values = value if isinstance(value, list) else [value]
    return (found in values) == (op in ("is", "one_of"))


def set_holds(found, node):
    op, value = node["op"], set(node.get("value") or [])
    return {
        "any_of": bool(found & value),
        "all_of": value <= found,
        "none_of": not found & value,
        "known": bool(found),
        "empty": not found,
    }[op]


def some_holds(found, node):
    """One of several things of a client fits, or none does."""
    value = node["value"]
    values = set(value if isinstance(value, list) else [value])
    return bool(found & values) == (node["op"] in ("is", "one_of"))


# Figures -----------------------------------------------------------------------------------------


def purchases(person, node, *, refunds=False):
    return [
        row
        for row in person["purchases"]
        if (refunds or row["amount"] >= 0)
        and ("within" not in node or in_period(row["day"], node["within"]))
    ]


def amounts(person, node, **options):
    """Amounts in one currency as they stand, or all of them in yuan at the rate of their day."""
    found = []
    for row in purchases(person, node, **options):
        if node.get("currency"):
            if row["currency"] == node["currency"]:
                found.append(row["amount"])
            continue
        worth = in_yuan(row, person["rates"])
        if worth is not None:
            found.append(worth)
    return found


def in_yuan(row, rates):
    if row["currency"] == "CNY":
        return row["amount"]
    known = [each for each in rates if each[0] == row["currency"] and each[1] <= row["day"]]
    return row["amount"] * max(known, key=lambda each: each[1])[2] if known else None


def average(person, node):
    found = amounts(person, node)
    return sum(Fraction(one) for one in found) / len(found) if found else None


def latest_score(person, node):
    rows = [
        row
        for row in person["answers"]
        if row["metric"] == node["field"]
        and ("within" not in node or in_period(row["day"], node["within"]))
    ]
    return max(rows, key=lambda row: (row["day"], row["pk"]))["score"] if rows else None


def wave_score(person, node):
    if not person["waves"]:
        return None
    wave = max(person["waves"], key=lambda one: one["sent"])["pk"]
    rows = [row for row in person["answers"] if row["metric"] == "nps" and row["wave"] == wave]
    return max(rows, key=lambda row: (row["day"], row["pk"]))["score"] if rows else None


def custom(person, node):
    """A stored value as the kind of its field; what does not read as that kind is none."""
    key = node["field"].removeprefix("custom:")
    value, kind = person["custom"].get(key), key
    if value is None:
        return None
    try:
        if kind == "budget":
            return Decimal(str(value))
        if kind == "renewal":
            return dt.date.fromisoformat(value)
    except (ArithmeticError, ValueError):
        return None
    return {True: "true", False: "false"}.get(value, value)


def score(name):
    return lambda person, node: getattr(person["rfm"], name, None)


def days_bought(person):
    return sorted({row["day"] for row in person["purchases"] if row["amount"] >= 0})


def mean_gap(person, node):
    days = days_bought(person)
    return Fraction((days[-1] - days[0]).days, len(days) - 1) if len(days) > 1 else None


FIGURES = {
    "rfm_segment": score("segment"),
    "rfm_r": score("r"),
    "rfm_f": score("f"),
    "rfm_m": score("m"),
    "rfm_money": score("monetary"),
    "recency_days": lambda person, node: (
        (TODAY - person["last_purchase"]).days if person["last_purchase"] else None
    ),
    "purchase_days": lambda person, node: len(days_bought(person)),
    "purchase_gap": mean_gap,
    "days_in_stage": lambda person, node: (TODAY - person["stage_since"]).days,
    "purchase_count": lambda person, node: len(purchases(person, node)),
    "purchase_sum": lambda person, node: sum(amounts(person, node, refunds=True)),
    "purchase_average": average,
    "purchase_biggest": lambda person, node: max(amounts(person, node), default=None),
    "purchase_products": lambda person, node: len(
        {row["product"] for row in purchases(person, node)} - {""}
    ),
    "open_requests": lambda person, node: sum(
        state in ("new", "open", "waiting") for state in person["requests"]
    ),
    "nps": latest_score,
    "csat": latest_score,
    "ces": latest_score,
    "wave_nps": wave_score,
    "days_since_answer": lambda person, node: (
        (TODAY - max(row["day"] for row in person["answers"])).days if person["answers"] else None
    ),
    "language": lambda person, node: {one["language"] for one in person["contacts"]},
    "consent": lambda person, node: {way for one in person["contacts"] for way in one["consents"]},
    "group": lambda person, node: person["groups_now"],
    "group_ever": lambda person, node: person["groups_ever"],
}
YES_NO = {
    "has_email": lambda person: any(
        one["email"] and "email" in one["consents"] for one in person["contacts"]
    ),
    "answered": lambda person: bool(person["answers"]),
}
HOLDS = {
    "number": number_holds,
    "text": text_holds,
    "date": date_holds,
    "choice": choice_holds,
    "set": set_holds,
    "group": some_holds,
}


def leaf_holds(person, node, kinds):
    field = node["field"]
    if field in YES_NO:
        return YES_NO[field](person) == node["value"]
    if field == "product":
        rows = purchases(person, node)
        some = any(node["value"].upper() in row["product"].upper() for row in rows)
        return some == (node["op"] == "contains")
    if field.startswith("custom:"):
        found = custom(person, node)
    elif field in FIGURES:
        found = FIGURES[field](person, node)
    else:
        found = person[field]
    return HOLDS[kinds[field]](found, node)


def holds(person, node, kinds):
    """Whether a checked rule holds; `kinds` says of which kind each field is."""
    if "rules" not in node:
        return leaf_holds(person, node, kinds)
    parts = [holds(person, part, kinds) for part in node["rules"]]
    return {"and": all(parts), "or": any(parts), "not": not any(parts)}[node["op"]]
