import base64
import hashlib
import logging
import uuid

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts import services
from accounts.audit import record
from accounts.models import AuditEvent, User
from core.network import client_address

logger = logging.getLogger(__name__)

# What allauth reports by mail, and the verb under which it stands in the audit trail.
NOTICES = {
    "account/email/password_changed": "user.password_changed",
    "account/email/password_reset": "user.password_reset",
    "mfa/email/totp_activated": "user.second_factor_added",
    "mfa/email/totp_deactivated": "user.second_factor_removed",
    "mfa/email/recovery_codes_generated": "user.recovery_codes_made",
}
# What allauth says on the page; everything else it would say is obvious and left out.
TOASTS = {
    "account/messages/logged_out.txt": _("You are signed out."),
    "account/messages/password_changed.txt": _(
        "Your password is changed. Everywhere else you are signed out."
    ),
    "mfa/messages/totp_activated.txt": _("Sign-in now asks for a code from your phone."),
    "mfa/messages/totp_deactivated.txt": _("Sign-in no longer asks for a code."),
    "mfa/messages/recovery_codes_generated.txt": _(
        "You have new recovery codes. Keep them where you find them without your phone."
    ),
}
WRONG_PASSWORD = _("This is not your password. Try again.")
WRONG_CODE = _("This code is not right, or no longer. Wait for the next one and try again.")


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by e-mail, for people whom an administrator let in, with a trail of what happened."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail or the password is not right."),
        "too_many_login_attempts": _(
            "Too many failed attempts. Wait five minutes, then try again or ask for a new password."
        ),
        "enter_current_password": WRONG_PASSWORD,
        "incorrect_password": WRONG_PASSWORD,
        "incorrect_code": WRONG_CODE,
        "invalid_password_reset": _("This link is used up or too old."),
        "uncounted": _("Signing in is not possible for a moment. Try again in a minute."),
        "rate_limited": _("Too many attempts. Wait a few minutes and try again."),
    }

    def is_open_for_signup(self, request):
        return False

    def get_client_ip(self, request):
        return client_address(request)

    def _get_login_attempts_cache_key(self, request, **credentials):
        # allauth adds the host, which the client may choose among ours.
        return credentials.get("email", "").strip().lower()

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except RedisError:
            # Nobody counts the attempts: then nobody may try.
            logger.exception("Sign-in is closed: the cache does not answer.")
            raise self.validation_error("uncounted") from None

    def authentication_failed(self, request, **credentials):
        email = credentials.get("email", "")
        user = User.objects.filter(email__iexact=email).first()
        # What was typed is not kept when nobody signs in with it: it may be a password.
        AuditEvent.objects.create(
            verb="user.sign_in_failed",
            target_type=User._meta.label_lower,
            target_id=str(user.pk) if user else "",
            target_label=str(user)[:200] if user else "",
            address=client_address(request),
        )

    def post_login(self, request, user, **kwargs):
        response = super().post_login(request, user, **kwargs)
        record(actor=user, verb="user.signed_in", target=user)
        return response

    def logout(self, request):
        user = request.user
        record(actor=user, verb="user.signed_out", target=user)
        super().logout(request)

    def set_password(self, user, password):
        """Used by the change and by the reset; every other session of the person ends."""
        user.set_password(password)
        user.save(update_fields=["password"])
        services.end_sessions(user=user, actor=user, keep=self.request.session.session_key)

    def get_password_change_redirect_url(self, request):
        return reverse("accounts:profile")

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        message = kwargs.get("message") or TOASTS.get(message_template)
        if message:
            messages.add_message(request, level, message)

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """Record what changed about a person's sign-in and tell them, in inbox and mail."""
        verb = NOTICES[template_prefix]
        record(actor=user, verb=verb, target=user)
        with translation.override(user.language), timezone.override(user.zone):
            context = {
                "name": str(user),
                "at": timezone.now(),
                "address": self.get_client_ip(self.request),
            }
            subject = render_to_string(f"{template_prefix}_subject.txt", context)
            body = render_to_string(f"{template_prefix}_message.txt", context)
        # The app above this one that stores and sends messages; named in the settings.
        import_string(settings.ACCOUNTS_NOTIFIER)(
            recipient=user,
            kind=verb,
            subject=subject.strip(),
            body=body.strip(),
            url=reverse("accounts:security"),
            dedupe_key=f"{verb}:{uuid.uuid4()}",
        )


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps encrypted with the key of this installation."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": WRONG_CODE}

    def encrypt(self, text):
        return self.cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        return self.cipher().decrypt(encrypted_text.encode()).decode()

    def cipher(self):
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        digests = [hashlib.sha256(b"second factor:" + key.encode()).digest() for key in keys]
        return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in digests])
