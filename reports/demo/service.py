"""Calendars, service levels, requests and canned answers."""

from reports.demo.clients import World


def make_service(world: World) -> None:
    """Calendars, service levels, requests and canned answers."""
