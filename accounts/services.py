from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User

# What a person may set about themselves.
PREFERENCES = {"name", "language", "time_zone", "theme"}
# What only an administrator may set, through the support tool.
PERSON = PREFERENCES | {"email", "role", "is_active", "is_staff"}
# After a change of these nobody stays signed in.
ACCESS = {"email", "role", "is_active", "is_staff"}


@transaction.atomic
def change_preferences(*, user: User, **changes: str) -> User:
    """Change how Tandem looks to a person: name, language, time zone, theme.

    What does not differ is neither written nor recorded.
    """
    return _change(_locked(user), user, changes, PREFERENCES)


@transaction.atomic
def create_person(*, actor: User | None, email: str, name: str, **fields: object) -> User:
    """Let somebody sign in. Without a password they ask for one on the sign-in page."""
    person = User.objects.create_user(email=email, name=name, **fields)
    record(actor=actor, verb="user.created", target=person, role=[None, person.role])
    return person


@transaction.atomic
def update_person(*, person: User, actor: User, **changes: object) -> User:
    """Change a person's name, e-mail, role or whether they sign in at all.

    Their sessions end at once when the change touches what they may do. The last administrator
    keeps the role and stays active. Only administrators open the support tool.
    """
    # Locked in one order, so that two administrators cannot remove each other at once.
    list(_administrators().select_for_update().order_by("pk"))
    person = _locked(person)
    role = changes.get("role", person.role)
    check_last_administrator(
        person=person, role=role, is_active=changes.get("is_active", person.is_active)
    )
    if role != User.Role.ADMIN:
        changes["is_staff"] = False
    if role != User.Role.ADMIN and person.is_superuser:
        person.is_superuser = False
        person.save(update_fields=["is_superuser"])
    before = {name: getattr(person, name) for name in ACCESS}
    person = _change(person, actor, changes, PERSON)
    if any(getattr(person, name) != before[name] for name in ACCESS):
        _end_sessions(UserSession.objects.filter(user=person))
    return person


def check_last_administrator(*, person: User, role: str | None, is_active: bool | None) -> None:
    """Refuse a change that would leave nobody who can let people in."""
    if role == User.Role.ADMIN and is_active:
        return
    admins = set(_administrators().values_list("pk", flat=True))
    if admins == {person.pk}:
        raise ValidationError(
            _("This is the last administrator. Make somebody else an administrator first.")
        )


def password_differs(*, person: User) -> bool:
    """Whether somebody gave this person another password since `person` was read."""
    return not User.objects.filter(pk=person.pk, password=person.password).exists()


@transaction.atomic
def follow_password_change(*, person: User, actor: User, keep: str | None = None) -> None:
    """Record that an administrator gave a person a new password, and end their sessions.

    `keep` is the administrator's own session, in case the person is the administrator.
    """
    _end_sessions(UserSession.objects.filter(user=person).exclude(session_key=keep or ""))
    record(actor=actor, verb="user.password_set", target=person)


@transaction.atomic
def end_session(*, session: UserSession, actor: User) -> bool:
    """Sign a person out in one place. False when that session is over already."""
    ended = _end_sessions(UserSession.objects.filter(pk=session.pk))
    if ended:
        record(actor=actor, verb="session.ended", target=session.user)
    return bool(ended)


@transaction.atomic
def end_sessions(*, user: User, actor: User, keep: str | None = None) -> int:
    """Sign a person out everywhere, or everywhere but in the session with the key `keep`."""
    ended = _end_sessions(UserSession.objects.filter(user=user).exclude(session_key=keep or ""))
    if ended:
        record(actor=actor, verb="session.ended", target=user, sessions=[ended, 0])
    return ended


@transaction.atomic
def remove_second_factor(*, person: User, actor: User) -> bool:
    """Help a person who lost their phone: the next sign-in asks for the password alone."""
    removed, _models = Authenticator.objects.filter(user=person).delete()
    if removed:
        record(actor=actor, verb="user.second_factor_removed", target=person)
    return bool(removed)


def _locked(person: User) -> User:
    return User.objects.select_for_update().get(pk=person.pk)


def _administrators():  # noqa: ANN202
    return User.objects.filter(Q(role=User.Role.ADMIN) | Q(is_superuser=True), is_active=True)


def _change(person: User, actor: User, changes: dict, allowed: set[str]) -> User:
    """Write and record the fields that differ; anything not allowed is a programming error."""
    if unknown := set(changes) - allowed:
        raise TypeError(f"Not to be changed here: {sorted(unknown)}")
    differing = {
        name: [getattr(person, name), value]
        for name, value in changes.items()
        if getattr(person, name) != value
    }
    if not differing:
        return person
    for name, (_before, value) in differing.items():
        setattr(person, name, value)
    person.full_clean(exclude=["password"])
    person.save(update_fields=list(differing))
    record(actor=actor, verb="user.changed", target=person, **differing)
    return person


def _end_sessions(recorded) -> int:  # noqa: ANN001
    keys = list(recorded.values_list("session_key", flat=True))
    live, _models = Session.objects.filter(session_key__in=keys).delete()
    recorded.delete()
    return live
