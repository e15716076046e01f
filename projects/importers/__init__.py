"""Boards of other products, read into the shape that projects.services.boards writes."""
