import datetime as dt
import uuid

from clientgroups.services.purchases import stage_purchases

LINES = [
    ("A", "Larkfield", dt.date(1998, 1, 2), "10.00"),
    ("A", "", dt.date(1998, 3, 2), "20.00"),
    ("B", "", dt.date(1996, 1, 1), "5.50"),
    ("A", "", dt.date(1998, 4, 2), "-20.00"),
    ("C", "", dt.date(1998, 7, 1), "1.00"),
]


def stage(lines=LINES, batch=None, currency="USD"):
    """Put lines (client, name, day, amount) aside; their numbers are the line numbers."""
    batch = batch or uuid.uuid4()
    rows = [
        (batch, number, client, name, day, amount, currency, None, "Disc", f"P{number}")
        for number, (client, name, day, amount) in enumerate(lines, 2)
    ]
    assert stage_purchases(batch=batch, rows=rows) == len(lines)
    return batch
