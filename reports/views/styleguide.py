from types import SimpleNamespace

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404

from core.views import page, render_page
from reports import samples


@page("reports.view")
def styleguide(request):
    """Every component in its states; a page for those who build, so it exists in debug only."""
    if not settings.DEBUG:
        raise Http404
    messages.success(request, samples.TOAST, extra_tags="undo:/styleguide/")
    form = samples.SampleForm(samples.WRONG)
    form.is_valid()
    context = {
        "samples": samples.build(),
        "form": samples.SampleForm(),
        "wrong": form,
        "filter": SimpleNamespace(form=samples.FilterForm(request.GET or None)),
        "page": Paginator(range(461), 50).get_page(request.GET.get("page", 4)),
        "none": None,
    }
    return render_page(request, "reports/styleguide/detail", context)
