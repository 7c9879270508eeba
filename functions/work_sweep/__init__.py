"""Wakes everything that is stored but not moving."""
