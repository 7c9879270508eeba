"""Conversations with customers: their turns, and how they are woken."""
