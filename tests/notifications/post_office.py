import socket
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class PostOffice:
    """A real SMTP server on loopback that keeps what it took and answers as it is told.

    `refusals` is a list of answers, one for each mail to come; "drop" closes the connection after
    the mail was taken and before the answer.
    """

    def __init__(self):
        self.mails = []
        self.refusals = []
        self.rcpt_answers = {}
        self.connections = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.rcpt_answers:
            return self.rcpt_answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.refusals.pop(0) if self.refusals else "250 Taken"
        if answer == "drop" or answer.startswith("2"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append((envelope.rcpt_tos, mail))
        if answer == "drop":
            server.transport.abort()
            return "421 gone"
        return answer

    @property
    def subjects(self):
        return [mail["Subject"] for _to, mail in self.mails]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def post_office():
    handler = PostOffice()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    handler.port = controller.port
    try:
        yield handler
    finally:
        controller.stop()
