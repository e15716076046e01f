import smtplib
import socket
from email.message import EmailMessage

import pytest

from config import mailcatcher


@pytest.fixture
def mailbox(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    catcher = mailcatcher.controller(port, tmp_path / "mail")
    catcher.start()
    yield catcher
    catcher.stop()


def send(port, subject):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", subject
    message.set_content("你好")
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        server.send_message(message)


def test_mail_is_kept_as_a_file_and_told_in_one_line(mailbox, tmp_path, capfd):
    send(mailbox.port, "Ihre Meinung · 您的意见")

    (path,) = (tmp_path / "mail").glob("*.eml")
    assert b"To: b@example.org" in path.read_bytes()
    lines = capfd.readouterr().out.splitlines()
    assert lines == [f"mail to b@example.org: Ihre Meinung · 您的意见 ({path})"]


def test_every_mail_gets_a_file_of_its_own(mailbox, tmp_path):
    send(mailbox.port, "first")
    send(mailbox.port, "second")

    assert len(list((tmp_path / "mail").glob("*.eml"))) == 2
