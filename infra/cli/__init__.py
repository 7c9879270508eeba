"""The `departments` command."""
