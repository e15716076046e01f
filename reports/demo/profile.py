"""Tags, custom fields, consents and look-alikes of clients."""

from reports.demo.clients import World


def make_profile(world: World) -> None:
    """Tags, custom fields, consents and look-alikes of clients."""
