"""The mailbox of `make run`: takes every e-mail, keeps it as a file, delivers nothing.

python -m config.mailcatcher PORT FOLDER
"""

import datetime as dt
import itertools
import signal
import sys
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

from aiosmtpd.controller import Controller


class Mailbox:
    """aiosmtpd handler: one .eml file and one printed line for each message."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.counter = itertools.count(1)

    async def handle_DATA(self, server, session, envelope):
        now = dt.datetime.now(dt.UTC)
        path = self.folder / f"{now:%Y%m%d-%H%M%S-%f}-{next(self.counter)}.eml"
        path.write_bytes(envelope.content)
        subject = message_from_bytes(envelope.content).get("Subject", "")
        to = ", ".join(envelope.rcpt_tos)
        line = f"mail to {to}: {make_header(decode_header(subject))} ({path})"
        sys.stdout.write(line.replace("\n", " ") + "\n")
        sys.stdout.flush()
        return "250 Message kept"


def controller(port, folder, hostname="127.0.0.1"):
    return Controller(Mailbox(folder), hostname=hostname, port=port)


def main():
    catcher = controller(int(sys.argv[1]), sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    catcher.start()
    try:
        signal.pause()
    finally:
        catcher.stop()


if __name__ == "__main__":
    main()
