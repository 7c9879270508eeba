"""Measurements of this system beside the usual ways, in one run on one machine: `make bench`."""
