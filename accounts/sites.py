from allauth.account.adapter import get_adapter
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache


class SupportSite(AdminSite):
    """The support tool: for administrators only, who sign in on the same page as everybody.

    So the throttle and the second factor hold here too.
    """

    site_title = _("Tandem administration")
    site_header = _("Tandem administration")
    index_title = _("Support tool")

    def has_permission(self, request):
        return request.user.is_active and request.user.is_staff and request.user.sees_everything

    @method_decorator([never_cache, login_not_required])
    def login(self, request, extra_context=None):
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
            target = resolve_url("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target)
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect(target)

    def logout(self, request, extra_context=None):
        get_adapter().logout(request)
        return redirect("account_login")

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")
