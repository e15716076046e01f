from clientgroups.selectors import visible_group
from core.views import page, render_page
from projects.selectors.group_goals import group_goals as goals_of


@page("clientgroups.view", load=visible_group)
def group_goals(request, group):
    context = {"group": group, "goals": goals_of(group, request.user)}
    return render_page(request, "projects/goal/group_goals", context)
