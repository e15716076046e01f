"""Unsubscribing from the list of mails, without opening the page (RFC 8058)."""

from functools import wraps

from django.views.decorators.csrf import csrf_exempt, csrf_protect


def one_click(view):
    """Let the POST of a mail program in without a form token; all others need theirs.

    Stands outside of `public`. The address in List-Unsubscribe carries the secret, and the body
    can ask for nothing but the end of these mails: `request.one_click` says that it did.
    """
    with_token = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def guarded(request, **kwargs):
        request.one_click = request.method == "POST" and _is_one_click(request)
        return (view if request.one_click else with_token)(request, **kwargs)

    return guarded


def _is_one_click(request):
    body = dict(request.POST.lists())
    return body == {"List-Unsubscribe": ["One-Click"]} and not request.FILES
