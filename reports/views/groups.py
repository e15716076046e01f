from clientgroups.selectors import visible_group
from core.views import page, render_page
from reports.selectors.group_attention import group_attention as lines_of


@page("clientgroups.view", load=visible_group)
def group_attention(request, group):
    context = {"group": group, "attention": lines_of(group, request.user)}
    return render_page(request, "reports/group/attention", context)
