"""Events and campaigns with invitations and attendance."""

from reports.demo.clients import World


def make_activities(world: World) -> None:
    """Events and campaigns with invitations and attendance."""
