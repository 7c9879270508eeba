"""Brings documents into the organizations' knowledge."""
