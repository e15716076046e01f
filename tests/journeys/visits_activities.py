from clientgroups.models import Activity, ActivityInvitation, ClientGroup
from tests.journeys.visiting import VISITOR, Visit, each, of_group


def activity_of(story, **conditions):
    """An activity of a group of the person, of a kind or state."""
    rows = Activity.objects.filter(client_group__owner=story.user, **conditions)
    return rows.order_by("pk").first()


def of_activity(**conditions):
    return lambda story: {"pk": activity_of(story, **conditions).pk}


def of_link(**conditions):
    def kwargs(story):
        rows = ActivityInvitation.objects.filter(activity__client_group__owner=story.user)
        return {"token": rows.filter(**conditions).order_by("pk").first().token}

    return kwargs


def compared(story):
    """Two groups of the person, as the address of their comparison asks for them."""
    keys = ClientGroup.objects.filter(owner=story.user).order_by("pk").values_list("pk", flat=True)
    return "?" + "&".join(f"g={key}" for key in keys[:2])


class Comparison(Visit):
    def path(self, story):
        return super().path(story) + compared(story)


NO_PAGE = {
    "clientgroups:activity_calendar": "a calendar file",
    "clientgroups:activity_people": "a CSV file",
    "reports:group_compare_csv": "a CSV file",
}
VISITS = [
    *each("clientgroups:activity_list clientgroups:activity_create"),
    Visit("clientgroups:activity_list", query="?q=nothing+at+all", note="empty"),
    Visit("clientgroups:activity_detail", of_activity(status="draft"), note="draft"),
    Visit("clientgroups:activity_detail", of_activity(status="invited", channel="email")),
    Visit("clientgroups:activity_detail", of_activity(channel="phone"), note="calls"),
    Visit("clientgroups:activity_detail", of_activity(status="done"), note="done"),
    Visit("clientgroups:activity_detail", of_activity(status="cancelled"), note="cancelled"),
    *each(
        "clientgroups:activity_edit clientgroups:activity_delete clientgroups:activity_audience",
        of_activity(status="draft"),
    ),
    Visit("clientgroups:activity_cancel", of_activity(status="invited")),
    *each("clientgroups:group_activities clientgroups:group_shape", of_group),
    *each("clientgroups:group_requests clientgroups:group_people", of_group),
    *each("projects:group_goals reports:group_attention", of_group),
    Visit("reports:group_compare"),
    Comparison("reports:group_compare", note="of two groups"),
    Visit("clientgroups:activity_answer", of_link(activity__status="invited"), VISITOR),
    Visit(
        "clientgroups:activity_answer",
        of_link(activity__status="invited", answer="accepted"),
        VISITOR,
        note="accepted",
    ),
    Visit(
        "clientgroups:activity_answer",
        of_link(activity__status="done"),
        VISITOR,
        note="closed",
    ),
    Visit(
        "clientgroups:activity_answer",
        of_link(activity__status="cancelled"),
        VISITOR,
        note="cancelled",
    ),
    Visit("clientgroups:activity_stop", of_link(activity__status="invited"), VISITOR),
    Visit(
        "clientgroups:activity_answer",
        lambda story: {"token": "nothing"},
        VISITOR,
        note="unknown",
        status=404,
    ),
]
