"""Files for the tests of importers, written on the spot."""

import json
import zipfile

from openpyxl import Workbook

PURCHASES = (
    "Customer No,Name,Date,Amount,Currency\n"
    "00007,Lin Trading,2024-03-01,120.50,CNY\n"
    "00008,Blue Harbour,2024-03-02,80.00,CNY\n"
    "00007,Lin Trading,2024-04-05,99.90,CNY\n"
)


def written(tmp_path, content, name="file.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def workbook(tmp_path, rows, name="book.xlsx", title="Sales"):
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    path = tmp_path / name
    book.save(path)
    return path


def archive(tmp_path, parts, name="file.xlsx"):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, content in parts.items():
            packed.writestr(part, content)
    return path


def ident(number, when="6544cecd"):
    """A Trello id: eight digits of seconds, then anything."""
    return f"{when}{number:016x}"


def card(number, name, list_number, **fields):
    return {
        "id": ident(number),
        "name": name,
        "idList": ident(list_number),
        "pos": number,
        **fields,
    }


def board(**fields):
    """A small board: two lists, three cards, a label, a checklist, a comment."""
    return {
        "id": ident(1),
        "name": "Harbour",
        "closed": False,
        "lists": [
            {"id": ident(11), "name": "To do", "closed": False, "pos": 1},
            {"id": ident(12), "name": "Done", "closed": False, "pos": 2},
        ],
        "cards": [
            card(101, "Call the port", 11, idLabels=[ident(31)], idMembers=[ident(21)]),
            card(102, "Draw the map", 11, due="2024-05-01T12:00:00.000Z"),
            card(103, "Sign the lease", 12, desc="All **pages**.", closed=True),
        ],
        "labels": [{"id": ident(31), "name": "Urgent", "color": "red"}],
        "members": [{"id": ident(21), "fullName": "Anne Bernard", "username": "anne"}],
        "checklists": [
            {
                "id": ident(41),
                "name": "Steps",
                "idCard": ident(101),
                "checkItems": [
                    {"id": ident(52), "name": "Second", "pos": 2, "state": "incomplete"},
                    {"id": ident(51), "name": "First", "pos": 1, "state": "complete"},
                ],
            }
        ],
        "actions": [
            {
                "id": ident(61),
                "type": "commentCard",
                "date": "2024-04-01T08:30:00.000Z",
                "data": {"text": "Nobody answers.", "card": {"id": ident(101)}},
                "memberCreator": {"id": ident(21), "fullName": "Anne Bernard"},
            },
            {"id": ident(62), "type": "createCard", "data": {}, "date": "2024-04-01T08:00:00.000Z"},
        ],
        **fields,
    }


def without(found, *keys):
    return {key: value for key, value in found.items() if key not in keys}


def as_json(tmp_path, found, name="board.json"):
    return written(tmp_path, json.dumps(found, ensure_ascii=False), name)
