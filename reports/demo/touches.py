"""Interactions, touch plans, engagement and health."""

from reports.demo.clients import World


def make_touches(world: World) -> None:
    """Interactions, touch plans, engagement and health."""
