from django.shortcuts import redirect, render

from clientgroups.selectors import visible_client
from clientgroups.selectors.timeline_page import chips, read_timeline
from core.views import page, render_page


@page("clientgroups.view", load=visible_client)
def client_timeline(request, client):
    if client.merged_into_id:
        return redirect("clientgroups:client_timeline", client.merged_into_id)
    kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    timeline = read_timeline(client, request.user, kind=kind, before=before)
    context = {"client": client, "timeline": timeline, "kind": kind, "before": before}
    if before and request.htmx and not request.htmx.boosted:
        return render(request, "clientgroups/touch/_older.html", context)
    context["chips"] = chips()
    return render_page(request, "clientgroups/touch/timeline", context)
