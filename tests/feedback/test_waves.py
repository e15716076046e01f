import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Client
from clientgroups.services.clients import archive_client
from feedback.models import Invitation, StaleScore, Wave
from feedback.selectors.waves import WaveFigures, audience, figures_of_waves
from feedback.services import waves as services
from feedback.services.waves import (
    restore_invitation,
    revoke_invitation,
    send_due_waves,
    start_wave,
)
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.factories.feedback import InvitationFactory, SurveyFactory, WaveFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return ClientGroupFactory()


@pytest.fixture
def survey(group):
    return SurveyFactory(open=True, client_group=group)


@pytest.fixture
def ask(group):
    """Add a member of the group with one contact."""

    def add(**fields):
        client = ClientFactory()
        MembershipFactory(client_group=group, client=client)
        return ContactFactory(client=client, **fields)

    return add


def start(survey, **fields):
    return start_wave(survey=survey, actor=UserFactory(), **{"name": "First", **fields})


def test_wave_invites_everybody_in_the_group_who_may_be_asked(survey, ask):
    asked = [ask(), ask(language="zh-hans")]
    ask(email="")
    ask(email_consent=False)
    ask(is_active=False)
    ContactFactory()

    wave = start(survey)

    assert set(wave.invitations.values_list("contact", flat=True)) == {each.pk for each in asked}
    assert len(set(wave.invitations.values_list("token", flat=True))) == 2
    assert AuditEvent.objects.get(verb="wave.started").changes["invited"] == [0, 2]


def test_wave_may_ask_some_contacts_only_from_the_group(survey, ask):
    chosen, _other, stranger = ask(), ask(), ContactFactory()

    wave = start(survey, contacts=[chosen, stranger])

    assert wave.invitations.get().contact == chosen


def test_wave_without_anybody_to_ask_is_refused_and_leaves_nothing(survey, ask):
    ask(email="")

    with pytest.raises(ValidationError, match="Nobody in this group can be asked"):
        start(survey)

    assert Wave.objects.count() == 0


def test_wave_needs_a_published_survey(group, ask):
    ask()

    with pytest.raises(ValidationError, match="Publish the survey"):
        start(SurveyFactory(client_group=group))


def test_two_waves_of_a_survey_need_two_names(survey, ask):
    ask()
    start(survey)

    with pytest.raises(ValidationError, match="already has a wave with this name"):
        start(survey)


def test_wave_cannot_close_before_it_is_sent(survey, ask):
    ask()

    with pytest.raises(ValidationError, match="closes after it is sent"):
        start(survey, closes_at=timezone.now() - dt.timedelta(days=1))


def test_contact_cannot_be_invited_twice_in_a_wave():
    invitation = InvitationFactory()

    with pytest.raises(IntegrityError, match="invitation_once_per_wave"), transaction.atomic():
        InvitationFactory(wave=invitation.wave, contact=invitation.contact)


def test_wave_cannot_end_before_its_start():
    with pytest.raises(IntegrityError, match="wave_closes_after_start"), transaction.atomic():
        WaveFactory(closes_at=timezone.now() - dt.timedelta(days=9))


def test_due_wave_mails_each_contact_once_in_their_language(survey, ask):
    english, chinese = ask(name="Ann"), ask(name="李娜", language="zh-hans")
    wave = start(survey)

    assert send_due_waves() == 2
    assert send_due_waves() == 0

    mails = {mail.address: mail for mail in Message.objects.all()}
    assert len(mails) == 2
    assert mails[english.email].subject == survey.title_en
    assert "Dear Ann" in mails[english.email].body
    assert mails[chinese.email].subject == survey.title_zh
    assert mails[chinese.email].language == "zh-hans"
    token = wave.invitations.get(contact=english).token
    assert mails[english.email].url == f"/s/{token}/"
    assert mails[english.email].unsubscribe_url == f"/s/{token}/stop/"
    wave.refresh_from_db()
    assert wave.state == Wave.State.SENT
    assert set(wave.invitations.values_list("state", flat=True)) == {"sent"}
    assert set(StaleScore.objects.values_list("scope", flat=True)) == {"wave", "survey", "group"}


def test_sent_wave_of_a_project_marks_its_score_too(group, ask):
    ask()
    survey = SurveyFactory(
        open=True, client_group=group, project=ProjectFactory(client_group=group)
    )
    start(survey)

    send_due_waves()

    assert StaleScore.objects.filter(scope="project", scope_id=survey.project_id).exists()


def test_mail_falls_back_to_the_only_wording_there_is(group, ask):
    survey = SurveyFactory(
        open=True, client_group=group, title_en="", title_zh="满意吗？", intro_zh="一分钟"
    )
    ask()
    start(survey)

    send_due_waves()

    mail = Message.objects.get()
    assert mail.subject == "满意吗？"
    assert "一分钟" in mail.body


def test_wave_waits_for_its_time(survey, ask):
    ask()
    later = timezone.now() + dt.timedelta(hours=2)
    wave = start(survey, send_at=later)

    assert send_due_waves() == 0
    assert send_due_waves(now=later) == 1

    wave.refresh_from_db()
    assert wave.send_at == later


def test_client_put_away_before_sending_is_not_asked(survey, ask):
    asked, gone = ask(), ask()
    wave = start(survey)
    archive_client(client=gone.client, actor=UserFactory())

    send_due_waves()

    assert Message.objects.get().address == asked.email
    assert wave.invitations.get(contact=gone).state == Invitation.State.REVOKED


def test_client_put_away_is_not_in_the_audience_of_a_wave(survey, ask):
    asked, gone = ask(), ask()
    # Rules empty dynamic groups later than the client is put away.
    Client.objects.filter(pk=gone.client_id).update(archived_at=timezone.now())

    found = audience(survey.client_group)

    assert (found.askable, found.left_out) == (1, [])
    assert start(survey).invitations.get().contact == asked


def test_contact_who_objects_before_sending_is_not_mailed(survey, ask):
    contact = ask()
    ask()
    wave = start(survey)
    contact.email_consent = False
    contact.save()

    send_due_waves()

    assert wave.invitations.get(contact=contact).state == Invitation.State.REVOKED
    assert Message.objects.count() == 1


def test_long_wave_is_sent_in_batches_and_continues(survey, ask, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 2)
    for _ in range(5):
        ask()
    wave = start(survey)

    assert send_due_waves(most=2) == 2
    wave.refresh_from_db()
    assert wave.state == Wave.State.SENDING
    assert send_due_waves() == 3
    wave.refresh_from_db()
    assert wave.state == Wave.State.SENT


@pytest.mark.parametrize("count", [1, 5])
def test_queries_of_sending_do_not_grow(survey, ask, count, count_queries):
    for _ in range(count):
        ask()
    start(survey)

    assert count_queries(send_due_waves) <= 28


def test_wave_closes_when_its_time_is_over():
    wave = WaveFactory(closes_at=timezone.now() - dt.timedelta(hours=1))

    send_due_waves()

    wave.refresh_from_db()
    assert wave.state == Wave.State.CLOSED


@pytest.mark.django_db(transaction=True)
def test_two_workers_mail_each_contact_once(monkeypatch):
    monkeypatch.setattr(services, "BATCH", 2)
    group = ClientGroupFactory()
    for _ in range(6):
        contact = ContactFactory()
        MembershipFactory(client_group=group, client=contact.client)
    start(SurveyFactory(open=True, client_group=group))
    ready, counts = threading.Barrier(2), []

    def work():
        ready.wait()
        counts.append(send_due_waves())
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(counts) == 6
    assert Message.objects.count() == 6


def test_audience_counts_the_askable_and_says_why_others_are_left_out(group, ask):
    ask()
    ask(language="zh-hans")
    left = [ask(email=""), ask(email_consent=False), ask(is_active=False)]
    alone = MembershipFactory(client_group=group).client

    found = audience(group)

    assert (found.askable, found.clients, found.english, found.chinese) == (2, 2, 1, 1)
    reasons = {row.reason: (row.count, row.names) for row in found.left_out}
    names = [f"{each.name} · {each.client.name}" for each in left]
    assert reasons == {
        "no_email": (1, [names[0]]),
        "no_consent": (1, [names[1]]),
        "inactive": (1, [names[2]]),
        "no_contact": (1, [alone.name]),
    }
    assert {row.more for row in found.left_out} == {0}


def test_figures_tell_delivered_from_waiting_and_withdrawn():
    wave, empty = WaveFactory(), WaveFactory()
    for state in ("sent", "answered", "waiting", "revoked"):
        InvitationFactory(wave=wave, state=state)

    found = figures_of_waves([wave, empty])

    assert (found[wave.pk].total, found[wave.pk].delivered, found[wave.pk].rate) == (4, 2, 50)
    assert found[wave.pk].bounds == pytest.approx((9.45, 90.55), abs=0.01)
    assert (found[empty.pk].rate, found[empty.pk].half_width) == (None, None)
    assert WaveFigures(10, 0, 5, 5, 0).half_width == pytest.approx(26.3, abs=0.1)


def test_withdrawn_link_can_be_restored():
    invitation, actor = InvitationFactory(), UserFactory()

    for _ in range(2):
        revoke_invitation(invitation=invitation, actor=actor)
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.REVOKED
    for _ in range(2):
        restore_invitation(invitation=invitation, actor=actor)

    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.SENT
    assert AuditEvent.objects.count() == 2


def test_link_that_was_never_mailed_waits_again_after_a_withdrawal():
    invitation = InvitationFactory(state="revoked", sent_at=None)

    restored = restore_invitation(invitation=invitation, actor=UserFactory())

    assert restored.state == Invitation.State.WAITING


def test_answered_invitation_cannot_be_withdrawn():
    invitation = InvitationFactory(state="answered")

    with pytest.raises(ValidationError, match="answered already"):
        revoke_invitation(invitation=invitation, actor=UserFactory())
