from django.core.paginator import Paginator

from clientgroups.selectors.rates import left_out_of, rates_shown, value_policy
from clientgroups.selectors.value_scope import Scope
from core.views import page, render_page

PAGE_SIZE = 50


@page("clientgroups.rates")
def rate_list(request):
    policy = value_policy()
    rates = rates_shown(policy.base_currency)
    context = {
        "policy": policy,
        "page": Paginator(rates, PAGE_SIZE).get_page(request.GET.get("page")),
        "missing": left_out_of(Scope.of_user(request.user).purchases()),
    }
    return render_page(request, "clientgroups/rate/list", context)
