"""Records of other programs in JSON, such as the tree export of Salesforce, as lines of a table."""

import json
import re
from pathlib import Path

from django.utils.translation import gettext_noop

from core.files.refusal import Refusal

LARGEST = 16 << 20
TOO_LARGE = gettext_noop(
    "The JSON file is larger than %(limit)s MB. Export fewer records at a time, or as CSV."
)
BROKEN = gettext_noop("The JSON breaks off in line %(line)s. Export the file again.")
NO_RECORDS = gettext_noop(
    "The JSON holds no list of records. Export accounts or contacts as records, or as CSV."
)
SUGGESTED = {
    "Account Name": "client",
    "Account Id": "client_number",
    "Account Ref": "client_link",
    "Contact Id": "contact_number",
    "Name": "contact",
    "FirstName": "given",
    "LastName": "family",
}
DEEPEST = 3
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_json(head):
    """Whether the first bytes of a file look like JSON."""
    text = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return text[:1] in (b"{", b"[") and b'"' in text


def json_records(path, encoding):
    """(number, {column: text}) of every record, accounts first so that contacts find them."""
    records = _records(_parsed(path, encoding))
    names = {
        _reference(record): str(record.get("Name") or "")
        for record in records
        if _type(record) == "Account" and _reference(record)
    }
    ordered = sorted(enumerate(records, 1), key=lambda pair: _type(pair[1]) != "Account")
    for number, record in ordered:
        yield number, _values(record, names)


def _parsed(path, encoding):
    if Path(path).stat().st_size > LARGEST:
        raise Refusal(TOO_LARGE, limit=LARGEST >> 20)
    try:
        with open(path, encoding=encoding) as file:
            return json.load(file, parse_constant=lambda name: None)
    except json.JSONDecodeError as problem:
        raise Refusal(BROKEN, line=problem.lineno) from None
    except (RecursionError, ValueError):
        raise Refusal(NO_RECORDS) from None


def _records(found):
    """The objects of a list, or of the first list in an object that holds some."""
    lists = [found] if isinstance(found, list) else []
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
    for rows in lists:
        records = [row for row in rows if isinstance(row, dict)]
        nested = [
            row for one in records if isinstance(one.get("records"), list) for row in one["records"]
        ]
        records = [row for row in nested if isinstance(row, dict)] or records
        if records and "idBoard" not in records[0]:
            return records
    raise Refusal(NO_RECORDS)


def _attributes(record):
    found = record.get("attributes")
    return found if isinstance(found, dict) else {}


def _type(record):
    return str(_attributes(record).get("type") or "")


def _reference(record):
    return str(_attributes(record).get("referenceId") or "")


def _values(record, names):
    found = dict(_flat({k: v for k, v in record.items() if k != "attributes"}, "", DEEPEST))
    kind = _type(record)
    if kind == "Account":
        found["Account Name"] = found.pop("Name", "")
        found["Account Id"] = found.pop("Id", "")
        found["Account Ref"] = _reference(record)
    elif kind:
        found[f"{kind} Id"] = found.pop("Id", "")
        account = found.pop("AccountId", "")
        if account.startswith("@"):
            found["Account Ref"] = account[1:]
            found["Account Name"] = names.get(account[1:], "")
        else:
            found["Account Id"] = account
        if "Account.Name" in found:
            found["Account Name"] = found.pop("Account.Name")
    return {
        _storable(column).strip()[:80]: _storable(text) for column, text in found.items() if text
    }


def _storable(text):
    """JSON may name NUL and halves of signs, which no database keeps."""
    return UNSTORABLE.sub(" ", text)


def _flat(value, name, depth):
    if isinstance(value, dict):
        for key, inner in value.items():
            whole = f"{name}.{key}" if name else str(key)
            if depth:
                yield from _flat(inner, whole, depth - 1)
    elif isinstance(value, list):
        texts = [str(one) for one in value if isinstance(one, (str, int, float))]
        yield name, " ::: ".join(texts)
    elif isinstance(value, bool):
        yield name, "yes" if value else "no"
    elif value is not None:
        yield name, str(value)
