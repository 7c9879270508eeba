"""What can keep a local stack from starting, said so that a person can act on it."""


class StackUnusable(Exception):
    """The stack cannot start or go on; the message names the thing, the value and what to do."""
