from functools import cache

import factory
from django.contrib.auth.hashers import make_password

from accounts.models import User

PASSWORD = "orchard-lantern-42"  # noqa: S105


@cache
def hashed():
    """PASSWORD hashed once for the run: a password hash is slow on purpose."""
    return make_password(PASSWORD)


class UserFactory(factory.django.DjangoModelFactory):
    """An active team member who signs in with PASSWORD; traits: admin, manager, chinese."""

    class Meta:
        model = User

    class Params:
        admin = factory.Trait(role=User.Role.ADMIN, is_staff=True)
        manager = factory.Trait(role=User.Role.MANAGER)
        chinese = factory.Trait(language="zh-hans", time_zone="Asia/Shanghai")

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.LazyFunction(hashed)
