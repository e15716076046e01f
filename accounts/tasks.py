import datetime as dt
from smtplib import SMTPException

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.usersessions.models import UserSession
from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.jobs import job
from accounts.models import SentForm, User

# A page that stood open for longer and is sent twice makes two rows.
FORMS_KEPT = dt.timedelta(days=30)


@shared_task(
    ignore_result=True,
    autoretry_for=(SMTPException, OSError),
    retry_backoff=5,
    retry_backoff_max=60,
    max_retries=5,
)
def send_reset_mail(email: str) -> bool:
    """Send the link for a new password, if somebody signs in with that address.

    Looked up here rather than in the request: known and unknown addresses take the same time. The
    link is made here and kept nowhere; a lost task means that the person asks again.
    """
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        return False
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    context = {
        "name": str(user),
        "link": settings.SITE_URL.rstrip("/") + path,
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    with translation.override(user.language):
        subject = render_to_string("account/email/password_reset_key_subject.txt", context)
        body = render_to_string("account/email/password_reset_key_message.txt", context)
    mail = EmailMessage(
        " ".join(subject.split()), body, to=[user.email], headers={"Auto-Submitted": "auto-replied"}
    )
    return bool(mail.send())


@shared_task(ignore_result=True)
def purge_expired() -> int:
    """Beat, hourly: sessions that ran out, what we noted about them, and keys of old forms."""
    with job("accounts.tasks.purge_expired") as run:
        run.rows, _models = Session.objects.filter(expire_date__lt=timezone.now()).delete()
        UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
        SentForm.objects.filter(at__lt=timezone.now() - FORMS_KEPT).delete()
    return run.rows
