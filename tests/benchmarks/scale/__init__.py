"""Searches among ten thousand organizations and a million chunks: `make bench-scale`."""
