from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.forms.touches import SnoozeForm
from clientgroups.selectors.follow_ups import follow_ups, in_bunches
from clientgroups.selectors.touches import loggable, visible_touch
from clientgroups.services import follow_ups as services
from clientgroups.views.touches import back, undo_tag
from core import formats
from core.views import page, render_page

PER_PAGE = 50


@page("clientgroups.list")
def follow_up_list(request):
    everyone = request.GET.get("who") == "all"
    rows = follow_ups(request.user, everyone=everyone)
    listed = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    lines = list(listed.object_list)
    may_log = loggable(request.user, [row.client_id for row in lines])
    for row in lines:
        row.may_log = row.client_id in may_log
    context = {
        "page": listed,
        "bunches": in_bunches(lines, timezone.localdate()),
        "everyone": everyone,
    }
    return render_page(request, "clientgroups/touch/follow_ups", context)


@page("clientgroups.log_touch", load=visible_touch, methods=("POST",))
def follow_up_done(request, touch):
    event = services.finish_follow_up(touch=touch, actor=request.user)
    if event:
        text = _("Followed up with %(client)s.") % {"client": touch.client}
        messages.success(request, text, extra_tags=undo_tag(touch, event))
    return back(request, "clientgroups:follow_up_list")


@page("clientgroups.log_touch", load=visible_touch, methods=("POST",))
def follow_up_snooze(request, touch):
    form = SnoozeForm(request.POST)
    try:
        if not form.is_valid():
            raise ValidationError([text for errors in form.errors.values() for text in errors])
        until = form.cleaned_data["until"]
        event = services.snooze_follow_up(touch=touch, actor=request.user, until=until)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        text = _("Put off to %(day)s.") % {"day": formats.day(until)}
        if event:
            messages.success(request, text, extra_tags=undo_tag(touch, event))
    return back(request, "clientgroups:follow_up_list")
