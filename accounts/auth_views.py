"""Pages of the sign-in library, for the time in which nobody counts attempts.

Without the count anybody could try as often as they like, so these pages refuse and say so.
"""

import logging
from functools import wraps

from allauth.account.views import PasswordResetView
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
CLOSED = "A page about sign-in is closed: the cache does not answer."
SECONDS = "60"


def counted(view):
    """Answer with a sentence instead of an error when the cache does not answer."""

    @wraps(view)
    def guarded(request, **kwargs):
        try:
            return view(request, **kwargs)
        except RedisError:
            logger.exception(CLOSED)
            return uncounted(render(request, "account/uncounted.html", status=503))

    return guarded


def uncounted(response):
    response.headers["Retry-After"] = SECONDS
    return response


class AskResetView(PasswordResetView):
    """What was typed stays, with the sentence above it."""

    def form_valid(self, form):
        try:
            return super().form_valid(form)
        except RedisError:
            logger.exception(CLOSED)
            form.add_error(
                None, _("Asking for a new password is not possible for a moment. Try again soon.")
            )
            response = self.form_invalid(form)
            response.status_code = 503
            return uncounted(response)


@login_not_required
def ask_reset(request):
    return AskResetView.as_view()(request)
