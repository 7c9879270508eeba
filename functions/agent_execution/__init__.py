"""Answers one turn of one conversation."""
