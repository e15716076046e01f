from django.core.paginator import Paginator
from django.shortcuts import redirect

from core.views import page, render_page
from notifications import selectors, services

PAGE_SIZE = 50


@page("notifications.inbox")
def inbox(request):
    messages = Paginator(selectors.inbox(request.user), PAGE_SIZE)
    context = {
        "page": messages.get_page(request.GET.get("page")),
        "unread": selectors.unread_count(request.user),
    }
    return render_page(request, "notifications/message/inbox", context)


@page("notifications.inbox", load=selectors.inbox_message, methods=("POST",))
def message_open(request, message):
    services.mark_read(message=message)
    return redirect(message.url or "notifications:inbox")


@page("notifications.inbox", methods=("POST",))
def message_read_all(request):
    services.mark_all_read(recipient=request.user)
    return redirect("notifications:inbox")
