"""Who opens which page on which row of the demo; test_every_page.py opens them all.

One `Visit` per page, several where it has several faces. What answers GET but is no page for eyes
stands in `NO_PAGE` with the reason.
"""

import json

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.test import RequestFactory
from django.urls import get_resolver

from tests.imports.samples import PURCHASES, board
from tests.journeys import (
    visits_activities,
    visits_data,
    visits_profile,
    visits_requests,
    visits_rules,
    visits_touches,
    visits_value,
)
from tests.journeys.visiting import (
    ADMIN,
    GUARDED,
    HALF,
    VISITOR,
    Visit,
    each,
    of_client,
    of_group,
    of_project,
)

NO_PAGE = {
    "healthz": "plain text for the load balancer",
    "readyz": "JSON for the load balancer",
    "imports:run_issues": "a CSV file",
    "mfa_download_recovery_codes": "a text file",
    "mfa_index": "leads on to accounts:security",
    "projects:quick_add_preview": "a piece that a script places on the page",
    "projects:board_more": "a piece that a script places on the page",
    "reports:palette": "a piece that a script places on the page",
    "reports:styleguide": "only with DEBUG; test_shell.py opens it",
}
PARTS = (
    visits_profile,
    visits_data,
    visits_rules,
    visits_value,
    visits_touches,
    visits_requests,
    visits_activities,
)
for _part in PARTS:
    NO_PAGE |= _part.NO_PAGE


def of_rule_group(story):
    return {"pk": story.rule_group.pk}


def of_contact(story):
    return of_client(story) | {"contact": story.client.contacts.first().pk}


def of_rule_member(story):
    row = story.rule_group.memberships.current().first()
    return {"pk": row.client_id, "group": story.rule_group.pk}


def of_column(story):
    return of_project(story) | {"column_pk": story.project.columns.first().pk}


def of_label(story):
    return of_project(story) | {"label_pk": story.project.labels.first().pk}


def of_task(story):
    return of_project(story) | {"number": story.task.number}


def of_goal(story):
    return of_project(story) | {"goal_pk": story.goal.pk}


def of_measurement(story):
    return of_goal(story) | {"entry_pk": story.goal.measurements.first().pk}


def of_survey(story):
    return {"pk": story.survey.pk}


def of_wave(story):
    return {"survey_pk": story.survey.pk, "pk": story.wave.pk}


def of_score(story):
    score = story.score
    return {
        "scope": score.scope,
        "scope_id": score.scope_id,
        "metric": score.metric,
        "kind": score.period_kind,
        "start": score.period_start.isoformat(),
    }


def token(state):
    return lambda story: {"token": story.invitation(state).token}


def of_reset(story):
    key = default_token_generator.make_token(story.user)
    return {"uidb36": user_pk_to_url_str(story.user), "key": key}


def purchases(steps):
    """Everybody imports customers of their own: another person's are not theirs to change."""

    def kwargs(story):
        own = PURCHASES.replace("0000", f"{story.user.pk}-")
        return {"pk": story.run(own, steps=steps).pk}

    return kwargs


def trello(steps):
    content = json.dumps(board())
    return lambda story: {
        "pk": story.run(content, kind="trello", project=story.project, steps=steps).pk
    }


VISITS = [
    # Public
    *each("account_login account_inactive account_reset_password", who=VISITOR),
    *each("account_reset_password_done account_reset_password_from_key_done", who=VISITOR),
    Visit("account_reset_password_from_key", of_reset, VISITOR),
    Visit(
        "account_reset_password_from_key",
        lambda story: {"uidb36": "1", "key": "old"},
        VISITOR,
        note="used up",
    ),
    Visit("feedback:answer", token("sent"), VISITOR),
    Visit("feedback:answer", token("answered"), VISITOR, note="answered", status=404),
    Visit("feedback:answer_stop", token("sent"), VISITOR),
    Visit("feedback:answer_thanks", who=VISITOR),
    # People
    *each("account_logout account_change_password account_reauthenticate"),
    *each("mfa_activate_totp"),
    *each("mfa_deactivate_totp mfa_view_recovery_codes mfa_generate_recovery_codes", who=GUARDED),
    Visit("mfa_reauthenticate", who=GUARDED),
    Visit("accounts:security", who=GUARDED, note="with a second factor"),
    Visit("mfa_authenticate", who=HALF),
    *each("accounts:profile accounts:security notifications:inbox"),
    Visit("accounts:audit_list", who=ADMIN),
    # Clients
    *each("clientgroups:group_list clientgroups:group_create"),
    *each("clientgroups:client_list clientgroups:client_create"),
    *each("clientgroups:group_detail clientgroups:group_edit clientgroups:group_members", of_group),
    *each("clientgroups:group_add_clients clientgroups:group_access", of_group),
    Visit("clientgroups:group_detail", of_rule_group, note="by rule"),
    Visit("clientgroups:group_edit", of_rule_group, note="by rule"),
    *each(
        "clientgroups:client_detail clientgroups:client_edit clientgroups:client_stage", of_client
    ),
    *each("clientgroups:client_purchases clientgroups:contact_create", of_client),
    Visit("clientgroups:contact_edit", of_contact),
    Visit("clientgroups:client_why", of_rule_member),
    # Projects
    *each("projects:my_work projects:quick_add projects:project_list projects:project_create"),
    Visit("projects:group_projects", of_group),
    *each("projects:project_detail projects:project_edit projects:project_access", of_project),
    *each("projects:board projects:column_list projects:label_create", of_project),
    *each("projects:task_list projects:task_create", of_project),
    *each("projects:column_edit projects:column_archive", of_column),
    Visit("projects:label_edit", of_label),
    *each("projects:task_detail projects:task_edit projects:task_move", of_task),
    Visit("projects:task_field", of_task, query="?field=title"),
    *each("projects:goal_list projects:goal_create", of_project),
    *each("projects:goal_detail projects:goal_edit projects:goal_close", of_goal),
    *each("projects:goal_measure projects:goal_check_in", of_goal),
    Visit("projects:measurement_edit", of_measurement),
    # Feedback
    *each("feedback:survey_list feedback:survey_create"),
    *each("feedback:survey_detail feedback:survey_edit feedback:survey_preview", of_survey),
    Visit("feedback:wave_create", of_survey),
    Visit("feedback:wave_detail", of_wave),
    Visit("feedback:score_detail", of_score),
    Visit("feedback:group_panel", of_group),
    Visit("feedback:project_panel", of_project),
    # Imports
    Visit("imports:run_create"),
    Visit("imports:project_import", of_project),
    Visit("imports:run_map", purchases(0), note="purchases"),
    Visit("imports:run_map", trello(0), note="board"),
    Visit("imports:run_detail", purchases(1), note="checked"),
    Visit("imports:run_detail", trello(1), note="board checked"),
    Visit("imports:run_detail", purchases(2), note="written"),
    Visit("imports:run_list"),
    # The rest
    *each("reports:today reports:search"),
    Visit("reports:search", query="?q=a", note="found"),
    Visit("reports:project_attention", of_project),
    Visit("admin:index", who=ADMIN),
    Visit("projects:project_detail", lambda story: {"pk": 0}, status=404, note="not found"),
    Visit("accounts:audit_list", status=403, note="refused"),
    *(visit for part in PARTS for visit in part.VISITS),
]


def addresses():
    """Name -> what answers there, for every page but the administration's."""
    found = {}

    def walk(patterns, namespace):
        for entry in patterns:
            if getattr(entry, "namespace", None) == "admin":
                continue
            if hasattr(entry, "url_patterns"):
                inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
                walk(entry.url_patterns, inner)
            else:
                found[f"{namespace}{entry.name}"] = entry.callback

    walk(get_resolver().url_patterns, "")
    return found


def answers_get(view):
    """A view of ours says which methods it knows when it is asked for one that nobody knows."""
    if not hasattr(view, "__wrapped__") or hasattr(view, "view_class"):
        return True
    return "GET" in view(RequestFactory().generic("TRACE", "/")).headers["Allow"]
