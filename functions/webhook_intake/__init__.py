"""Receives the providers' webhooks."""
