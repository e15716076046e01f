from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from clientgroups.selectors.typeahead import find_clients, find_tags, said
from core.views import page, render_page

LISTED = 50


@page("clientgroups.list")
def client_find(request):
    text = request.GET.get("q", "").strip()[:120]
    scope = request.GET.get("scope", "")
    if request.GET.get("options"):
        hits = find_clients(request.user, text, scope=scope)
        return options(request, {"hits": hits, "said": said(hits)})
    hits = find_clients(request.user, text, limit=LISTED) if text else []
    return render_page(request, "clientgroups/client/find", {"text": text, "hits": hits})


@page("clientgroups.list")
def tag_find(request):
    text = request.GET.get("q", "")
    return options(request, {"tags": find_tags(text)})


def options(request, context):
    response = render(request, "clientgroups/client/_options.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
