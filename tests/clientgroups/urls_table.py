"""The rows of this app, one module per part of it."""

from tests.clientgroups import (
    urls_activities,
    urls_data,
    urls_members,
    urls_profile,
    urls_requests,
    urls_rules,
    urls_touches,
    urls_value,
)

ROWS = [
    *urls_members.ROWS,
    *urls_profile.ROWS,
    *urls_data.ROWS,
    *urls_rules.ROWS,
    *urls_value.ROWS,
    *urls_touches.ROWS,
    *urls_requests.ROWS,
    *urls_activities.ROWS,
]
