"""Files as other products write them, made here with a fixed seed."""

import datetime as dt
import json
from random import Random

CLIENTS = 400
FIRST, LAST = dt.date(1997, 1, 1), dt.date(1998, 6, 30)


def purchases_text():
    """A purchase log in columns parted by blanks, no header: number, day, units, amount.

    Every fourth client buys each month and is loyal on the last day; every fifth of the others
    bought once, long ago, and has lapsed.
    """
    dice = Random(7)  # noqa: S311
    lines = []
    for number in range(1, CLIENTS + 1):
        day = FIRST + dt.timedelta(days=dice.randrange(0, 80))
        step = 30 if number % 4 == 0 else 999 if number % 5 == 0 else dice.randrange(150, 400)
        while day <= LAST:
            units = dice.randrange(1, 6)
            lines.append(f" {number:05d} {day:%Y%m%d} {units:2d} {units * 12.37:7.2f}")
            day += dt.timedelta(days=step)
    return "\n".join(lines) + "\n"


def _key(number):
    """24 hexadecimal digits whose first eight are the second of creation."""
    return f"{0x60E9D286 + number:08x}{number:016x}"


def _card(number, columns, labels):
    return {
        "id": _key(100 + number),
        "idShort": number,
        "name": f"Card {number}" if number % 3 else f"回访客户 {number}",
        "desc": "**Ask** what changed.",
        "idList": columns[number % 3]["id"],
        "pos": 1000.5 - number,
        "closed": False,
        "due": "2026-12-24T10:00:00.000Z" if number == 2 else None,
        "dueComplete": False,
        "idMembers": [_key(31)],
        "idLabels": [labels[number % 2]["id"]],
        "idChecklists": [_key(41)] if number == 1 else [],
        "url": f"https://boards.example/c/{number}",
        "attachments": [],
        "cover": {"color": "pink"},
    }


def _checklist(card):
    return {
        "id": _key(41),
        "idCard": card["id"],
        "name": "Before the call",
        "pos": 1,
        "checkItems": [
            {"id": _key(52), "name": "Second step", "state": "incomplete", "pos": 20},
            {"id": _key(51), "name": "First step", "state": "complete", "pos": 10},
        ],
    }


def _actions(card):
    return [
        {
            "id": _key(61),
            "type": "commentCard",
            "date": "2021-07-11T09:00:00.000Z",
            "idMemberCreator": _key(31),
            "memberCreator": {"fullName": "Mia Board", "username": "mia"},
            "data": {"text": "Called them twice.", "card": {"id": card["id"]}},
        },
        {"id": _key(62), "type": "updateCard", "date": "2021-07-12T09:00:00Z", "data": {}},
    ]


def trello_board():
    """A board export with lists, cards, a checklist, labels, a due date, members and a comment."""
    lists = [("Ideas", 1.5), ("Doing", 140737488355328), ("完成", 140737488355329)]
    columns = [
        {"id": _key(index), "name": name, "closed": False, "pos": pos}
        for index, (name, pos) in enumerate(lists, start=1)
    ]
    labels = [
        {"id": _key(21), "name": "Service", "color": "green"},
        {"id": _key(22), "name": "", "color": "red"},
    ]
    cards = [_card(number, columns, labels) for number in range(1, 10)]
    board = {
        "id": _key(0),
        "name": "Service board",
        "lists": columns,
        "cards": cards,
        "labels": labels,
        "checklists": [_checklist(cards[0])],
        "members": [{"id": _key(31), "fullName": "Mia Board", "username": "mia"}],
        "actions": _actions(cards[0]),
        "powerUps": ["calendar"],
    }
    return json.dumps(board, ensure_ascii=False)
