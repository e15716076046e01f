"""Exchange rates, RFM scores and market research."""

from reports.demo.clients import World


def make_value(world: World) -> None:
    """Exchange rates, RFM scores and market research."""
