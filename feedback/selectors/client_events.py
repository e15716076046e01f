"""Answers of a client, offered to its timeline and its health."""
