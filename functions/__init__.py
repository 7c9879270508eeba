"""The deployed functions: one folder is one function."""
