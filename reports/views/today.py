from core.views import page, render_page
from projects.selectors.projects import visible_project
from reports import pictures
from reports.selectors.attention import attention_of
from reports.selectors.today import (
    chart_group,
    first_steps,
    project_rows,
    satisfaction_of,
    score_goal,
    totals_of,
)


@page("reports.view")
def today(request):
    user = request.user
    group, groups = chart_group(user, request.GET.get("group", ""))
    latest, series = satisfaction_of(group)
    totals = totals_of(user)
    figures = totals.counts
    context = {
        "attention": attention_of(user),
        "counts": figures,
        "goals_bar": pictures.goals_bar(figures),
        "tasks_bar": pictures.tasks_bar(figures),
        "rows": pictures.draw(project_rows(user)),
        "group": group,
        "groups": groups,
        "latest": latest,
        "spark": pictures.score_spark(series),
        "chart": pictures.score_chart(group, series, score_goal(group, user)),
        "steps": first_steps(user, totals.done),
    }
    return render_page(request, "reports/today/detail", context)


@page("projects.view", load=visible_project)
def project_attention(request, project):
    context = {"attention": attention_of(request.user, project), "project": project}
    return render_page(request, "reports/today/attention", context)
