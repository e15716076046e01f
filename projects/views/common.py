"""What the views of projects share."""

from django.http import Http404
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request, default):
    """Where a form said it came from, if that is a page of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, hosts, request.is_secure()):
        return redirect(wanted)
    return redirect(default)


def next_of(request):
    """The page to return to, for a hidden field of a form."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else ""


def child_of(rows, **conditions):
    """One row of a parent that was loaded through its scope, or 404."""
    found = rows.filter(**conditions).first()
    if found is None:
        raise Http404
    return found


def add_errors(form, error):
    """Put what a service refused beside the fields that it names."""
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, error)
