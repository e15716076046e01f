from django.contrib.auth.hashers import make_password

from accounts.models import User
from reports.demo.texts import PEOPLE

DOMAIN = "demo.example"


def make_people(password: str) -> dict[str, User]:
    """Everybody of the demo, by the first part of the e-mail address."""
    hashed = make_password(password)
    users = User.objects.bulk_create(
        User(
            email=f"{short}@{DOMAIN}",
            name=name,
            role=role,
            language=language,
            time_zone=zone,
            password=hashed,
            is_staff=role == User.Role.ADMIN,
            is_superuser=role == User.Role.ADMIN,
        )
        for short, name, role, language, zone in PEOPLE
    )
    return {user.email.partition("@")[0]: user for user in users}
