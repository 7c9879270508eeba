"""Sends outbox messages that no turn sent."""
