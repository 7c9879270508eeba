"""Brings what customers send from the provider into Cloud Storage."""
