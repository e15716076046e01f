"""Rows of a table to purchases ready to be stored, or sentences that say what is wrong.

The loop runs for hundreds of thousands of rows: values are looked up in bounded caches, and only
a row that fails is taken apart a second time to name everything that is wrong with it.
"""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b

from django.utils.translation import gettext_noop

from clientgroups.importers.columns import (
    AMOUNT,
    CURRENCY,
    CUSTOMER,
    DATE,
    NAME,
    NUMBER,
    PRODUCT,
    QUANTITY,
    TARGETS,
    UNIT_PRICE,
)
from clientgroups.importers.values import (
    POINT,
    currency_beside,
    identifier,
    is_missing,
    parse_currency,
    parse_date,
    parse_number,
)
from core.files.issues import ERROR, NOTE
from core.files.refusal import shorten

CENT, MILLI = Decimal("0.01"), Decimal("0.001")
MAX_AMOUNT, MAX_QUANTITY = Decimal(10) ** 12, Decimal(10) ** 9
OLDEST = dt.date(1900, 1, 1)
CACHE = 50_000
# Purchases without a number get one from their content; the mark keeps the two kinds apart.
DIGEST = "~"

FIELD_MISSING = gettext_noop("The %(field)s is missing. Fill it in, or leave the line out.")
FIELD_TOO_LONG = gettext_noop("The %(field)s is longer than %(limit)s characters. Shorten it.")
FIELD_CONTROL = gettext_noop("The %(field)s holds a control character. Type the value anew.")
FIELDS_MANY = gettext_noop(
    "The line has %(found)s fields instead of %(wanted)s. Put quotation marks around a field that "
    "contains the separator."
)
FIELDS_FEW = gettext_noop("The line has only %(found)s fields instead of %(wanted)s. Complete it.")
DATE_BAD = gettext_noop(
    "“%(found)s” is not a date in the chosen order. Correct it, or choose another date format."
)
DATE_FUTURE = gettext_noop(
    "%(found)s lies in the future. Correct it, or choose another date format."
)
DATE_OLD = gettext_noop("%(found)s lies before 1900. Correct it, or choose another date format.")
NOT_A_NUMBER = gettext_noop(
    "“%(found)s” is not a number (%(field)s). Correct it, or choose the other decimal sign."
)
TOO_LARGE = gettext_noop("%(found)s is too large (%(field)s). Correct it.")
NEGATIVE = gettext_noop(
    "The amount %(found)s is negative. Correct it or, if it is a refund, choose “Negative amounts "
    "are refunds” in the mapping."
)
NOT_A_CURRENCY = gettext_noop(
    "“%(found)s” is not a currency. Use a three-letter code such as CNY or EUR."
)
OTHER_CURRENCY = gettext_noop(
    "The amount is in %(found)s, but the column of currencies says %(other)s. Correct one of them."
)
WAS_CUT = gettext_noop("The %(field)s is longer than %(limit)s characters and was cut.")
WAS_CLEANED = gettext_noop("Control characters were removed from the %(field)s.")
WAS_ROUNDED = gettext_noop("%(found)s has more than two decimals and was rounded.")

LIMITS = {CUSTOMER: 80, NAME: 200, PRODUCT: 200, NUMBER: 120}


class Problem(Exception):
    """One thing wrong with one cell."""

    def __init__(self, message, target="", value="", **params):
        super().__init__(message)
        self.message, self.target, self.value, self.params = message, target, value, params


class Lookup(dict):
    """A cache of parsed cells that starts anew before it grows large."""

    def __init__(self, parse):
        super().__init__()
        self.parse = parse

    def __missing__(self, key):
        if len(self) > CACHE:
            self.clear()
        value = self[key] = self.parse(key)
        return value


class PurchaseChecker:
    """Checks rows of one table under one mapping; `options` are those of the mapping screen."""

    def __init__(self, shape, mapping, options, today):
        self.columns, self.width, self.today = shape["columns"], shape["width"], today
        self.places = {target: mapping.get(target) for target in TARGETS}
        self.date_order, self.decimal = options["date_order"], options.get("decimal") or POINT
        self.refunds = bool(options.get("refunds"))
        self.default_currency = options.get("currency") or "CNY"
        # Workbooks leave out blank cells at the end of a row; text files do not.
        self.pads = shape["format"] == "workbook"
        self.altered = {}
        self.good = 0
        self.blank = 0
        self.priced = UNIT_PRICE if self.places[AMOUNT] is None else AMOUNT
        self.customers = Lookup(self._customer)
        self.dates = Lookup(self._date)
        self.amounts = Lookup(self._amount)
        self.quantities = Lookup(self._quantity)
        self.prices = Lookup(lambda text: self._number(text, UNIT_PRICE))
        self.currencies = Lookup(self._currency)
        self.beside = {}
        self.names = Lookup(lambda text: self._text(text, NAME))
        self.products = Lookup(lambda text: self._text(text, PRODUCT))

    def check(self, records, log):
        """Purchases of the rows that are right; the log hears about the others."""
        good = []
        for line, row in records:
            if len(row) != self.width:
                row = self._fitted(line, row, log)
                if row is None:
                    continue
            try:
                good.append(self._purchase(line, row))
            except Problem:
                if any(cell.strip() for cell in row):
                    self._explain(line, row, log)
                else:
                    self.blank += 1
                continue
            if self.altered:
                self._note(line, row, log)
        self.good += len(good)
        return good

    def _fitted(self, line, row, log):
        """The row with as many cells as the header has; None when it is blank or does not fit."""
        if not any(cell.strip() for cell in row):
            self.blank += 1
            return None
        if len(row) > self.width and not any(cell.strip() for cell in row[self.width :]):
            return row[: self.width]
        if len(row) < self.width and self.pads:
            return row + [""] * (self.width - len(row))
        message = FIELDS_MANY if len(row) > self.width else FIELDS_FEW
        value = shorten(" | ".join(row[: self.width + 3]), 200)
        log.add(ERROR, message, line=line, value=value, found=len(row), wanted=self.width)
        return None

    def _purchase(self, line, row):
        places = self.places
        customer = self.customers[row[places[CUSTOMER]]]
        day = self.dates[row[places[DATE]]]
        quantity = None if (at := places[QUANTITY]) is None else self.quantities[row[at]]
        if (at := places[AMOUNT]) is not None:
            amount = self.amounts[row[at]]
        else:
            amount = self._product_of(quantity, self.prices[row[places[UNIT_PRICE]]])
        currency = self._currency_of(row)
        name = "" if (at := places[NAME]) is None else self.names[row[at]]
        product = "" if (at := places[PRODUCT]) is None else self.products[row[at]]
        number = "" if (at := places[NUMBER]) is None else self._identifier(row[at], NUMBER)
        if not number:
            text = f"{customer}|{day}|{amount}|{currency}"
            number = DIGEST + blake2b(text.encode(), digest_size=12).hexdigest()
        return (line, customer, name, day, amount, currency, quantity, product, number)

    def _currency_of(self, row):
        """What the amount itself says counts before the currency chosen for the file."""
        at, figure = self.places[CURRENCY], row[self.places[self.priced]]
        currency = self.default_currency if at is None else self.currencies[row[at]]
        beside = self._beside(figure, currency) if not figure.isdecimal() else None
        if beside is None or beside == currency:
            return currency
        if at is None or is_missing(row[at].strip()):
            return beside
        raise Problem(OTHER_CURRENCY, CURRENCY, row[at], found=beside, other=currency)

    def _beside(self, figure, currency):
        key = (figure, currency)
        if key not in self.beside:
            if len(self.beside) > CACHE:
                self.beside.clear()
            self.beside[key] = currency_beside(figure[:80], currency)
        return self.beside[key]

    def _product_of(self, quantity, price):
        if quantity is None:
            raise Problem(FIELD_MISSING, QUANTITY, field=TARGETS[QUANTITY])
        amount = (quantity * price).quantize(CENT, ROUND_HALF_UP)
        return self._judged_amount(amount, str(amount), UNIT_PRICE)

    # One cell each ------------------------------------------------------------------------------

    def _customer(self, raw):
        text = self._identifier(raw, CUSTOMER)
        if not text:
            raise Problem(FIELD_MISSING, CUSTOMER, raw, field=TARGETS[CUSTOMER])
        return text

    def _identifier(self, raw, target):
        text = identifier(raw)
        if is_missing(text):
            return ""
        if not text.isprintable():
            raise Problem(FIELD_CONTROL, target, raw, field=TARGETS[target])
        if len(text) > LIMITS[target]:
            raise Problem(FIELD_TOO_LONG, target, raw, field=TARGETS[target], limit=LIMITS[target])
        return text

    def _date(self, raw):
        text = raw.strip()
        if is_missing(text):
            raise Problem(FIELD_MISSING, DATE, raw, field=TARGETS[DATE])
        day = parse_date(text[:80], self.date_order)
        if day is None:
            raise Problem(DATE_BAD, DATE, raw, found=shorten(text, 40))
        if day > self.today:
            raise Problem(DATE_FUTURE, DATE, raw, found=day.isoformat())
        if day < OLDEST:
            raise Problem(DATE_OLD, DATE, raw, found=day.isoformat())
        return day

    def _number(self, raw, target):
        text = raw.strip()
        if is_missing(text):
            raise Problem(FIELD_MISSING, target, raw, field=TARGETS[target])
        number = parse_number(text[:80], self.decimal) if len(text) <= 80 else None
        if number is None:
            raise Problem(NOT_A_NUMBER, target, raw, found=shorten(text, 40), field=TARGETS[target])
        if abs(number) >= (MAX_QUANTITY if target == QUANTITY else MAX_AMOUNT):
            raise Problem(TOO_LARGE, target, raw, found=shorten(text, 40), field=TARGETS[target])
        return number

    def _amount(self, raw):
        number = self._number(raw, AMOUNT)
        amount = number.quantize(CENT, ROUND_HALF_UP)
        if abs(amount - number) > Decimal("1e-6"):
            self.altered[raw] = (WAS_ROUNDED, AMOUNT, {"found": shorten(raw, 40)})
        return self._judged_amount(amount, raw.strip(), AMOUNT)

    def _judged_amount(self, amount, found, target):
        if amount < 0 and not self.refunds:
            raise Problem(NEGATIVE, target, found, found=shorten(found, 40))
        if abs(amount) >= MAX_AMOUNT:
            raise Problem(TOO_LARGE, target, found, found=shorten(found, 40), field=TARGETS[AMOUNT])
        return amount + 0 if amount else Decimal("0.00")

    def _quantity(self, raw):
        if is_missing(raw.strip()):
            return None
        return self._number(raw, QUANTITY).quantize(MILLI, ROUND_HALF_UP)

    def _currency(self, raw):
        text = raw.strip()
        if is_missing(text):
            return self.default_currency
        currency = parse_currency(text[:20])
        if currency is None:
            raise Problem(NOT_A_CURRENCY, CURRENCY, raw, found=shorten(text, 20))
        return currency

    def _text(self, raw, target):
        text = raw.strip()
        if is_missing(text):
            return ""
        if not text.isprintable():
            joined = " ".join("".join(s if s.isprintable() else " " for s in text).split())
            if any(not s.isprintable() and not s.isspace() for s in text):
                self.altered[raw] = (WAS_CLEANED, target, {"field": TARGETS[target]})
            text = joined
        if len(text) > LIMITS[target]:
            limit = LIMITS[target]
            self.altered[raw] = (WAS_CUT, target, {"field": TARGETS[target], "limit": limit})
            text = text[:limit]
        return text

    # Sentences ----------------------------------------------------------------------------------

    def _explain(self, line, row, log):
        """Every problem of the row, not only the first."""
        reads = {
            CUSTOMER: self._customer,
            DATE: self._date,
            QUANTITY: self._quantity,
            AMOUNT: self._amount,
            UNIT_PRICE: lambda raw: self._number(raw, UNIT_PRICE),
            CURRENCY: self._currency,
            NUMBER: lambda raw: self._identifier(raw, NUMBER),
        }
        if self.places[AMOUNT] is not None:
            del reads[UNIT_PRICE]
        problems = []
        for target, read in reads.items():
            at = self.places[target]
            if at is not None:
                try:
                    read(row[at])
                except Problem as problem:
                    problems.append(problem)
        if not problems:
            try:
                self._purchase(line, row)
            except Problem as problem:
                problems.append(problem)
        for problem in problems:
            log.add(
                ERROR,
                problem.message,
                line=line,
                place=self._place(problem.target),
                value=shorten(problem.value),
                **problem.params,
            )

    def _note(self, line, row, log):
        for cell in row:
            if cell in self.altered:
                message, target, params = self.altered[cell]
                place, value = self._place(target), shorten(cell)
                log.add(NOTE, message, line=line, place=place, value=value, **params)
        if len(self.altered) > CACHE:
            self.altered.clear()
            self.names.clear()
            self.products.clear()
            self.amounts.clear()

    def _place(self, target):
        at = self.places.get(target)
        return "" if at is None else self.columns[at] or f"#{at + 1}"
