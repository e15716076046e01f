"""What a fresh installation serves with until an administrator says otherwise."""

CALENDAR = "Office hours 工作时间"
TYPES = [("Question", "咨询"), ("Complaint", "投诉"), ("Wish", "建议"), ("Fault", "故障")]
# Priority: first answer and resolution in open minutes; a day of the default calendar has 540.
LEVELS = {
    "urgent": (60, 540),
    "high": (240, 1080),
    "normal": (540, 2700),
    "low": (1080, 5400),
}


def create_service_defaults(get_model):
    """A calendar, four service levels and four types, each only where there is none at all.

    `get_model` is the one of the app registry, so that a migration may call this.
    """
    calendars = get_model("clientgroups", "BusinessCalendar").objects
    calendar = calendars.filter(is_default=True).first() or calendars.first()
    if calendar is None:
        calendar = calendars.create(name=CALENDAR, country="CN", is_default=True)
    levels = get_model("clientgroups", "SlaPolicy").objects
    if not levels.exists():
        for priority, (answer, resolution) in LEVELS.items():
            levels.create(
                priority=priority,
                first_answer_minutes=answer,
                resolution_minutes=resolution,
                calendar=calendar,
            )
    types = get_model("clientgroups", "RequestType").objects
    if not types.exists():
        for position, (name, name_zh) in enumerate(TYPES, start=1):
            types.create(name=name, name_zh=name_zh, position=position)
