"""The pages of allauth that Tandem uses. Sign-up, e-mail management and the rest do not exist."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path
from django.views.generic import RedirectView

from accounts.auth_views import ask_reset, counted

to_security = RedirectView.as_view(pattern_name="accounts:security")

urlpatterns = [
    path("login/", counted(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", counted(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", counted(account.password_change), name="account_change_password"),
    path("password/reset/", ask_reset, name="account_reset_password"),
    path(
        "password/reset/done/",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        counted(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("code/", counted(second_factor.authenticate), name="mfa_authenticate"),
    path("code/confirm/", counted(second_factor.reauthenticate), name="mfa_reauthenticate"),
    # allauth comes back to its overview; ours is the page about security.
    path("second-factor/", to_security, name="mfa_index"),
    path("second-factor/add/", counted(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/remove/", counted(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/new/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]
