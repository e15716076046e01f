from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User
from accounts.permissions import ADMINISTRATOR, ALLOWED, MANAGER
from core.prepared import prepared


@prepared
def people_with_key(pk: int):
    return User.objects.filter(pk=pk)


class RoleBackend(AuthenticationBackend):
    """Answer `user.has_perm(perm, obj)` from the ALLOWED table; guarded rows offer `role_of`."""

    def get_user(self, user_id):
        user = next(iter(people_with_key(user_id)), None)
        return user if user and self.user_can_authenticate(user) else None

    def has_perm(self, user_obj, perm, obj=None):
        if not user_obj.is_active or user_obj.is_anonymous:
            return False
        if user_obj.sees_everything:
            return True
        if perm in ADMINISTRATOR:
            return False
        if obj is None or not hasattr(obj, "role_of"):
            # No row, or one that its loader finds for its owner alone, such as a message.
            return perm in (MANAGER if user_obj.is_manager else ALLOWED[None])
        return perm in ALLOWED[obj.role_of(user_obj)]

    def has_module_perms(self, user_obj, app_label):
        """The support tool shows every app to administrators and nothing to anybody else."""
        return user_obj.is_active and user_obj.sees_everything
