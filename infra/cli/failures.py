"""How a command ends: the exit codes that programs may rely on, and the failure that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `departments`; documented in docs/operations.md and never renumbered."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNAVAILABLE = 3
    REFUSED = 4
    INTERRUPTED = 130


class CommandFailed(Exception):
    """A command could not do its work.

    Args:
        exit_code: what kind of end this is.
        message: names the thing, the value and what is wrong with it.
        next_step: what the reader can do about it; a command where there is one.
        code: its stable name (`infra/cli/refusals.py`, or the code of a domain's `Rejected`).
    """

    def __init__(self, exit_code: ExitCode, message: str, *, next_step: str = "", code: str = "failed") -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code
        self.message = message
        self.next_step = next_step


@contextmanager
def explained(**values: object) -> Iterator[None]:
    """Turn the project's own refusals into `CommandFailed`; defects pass through and stay loud.

    Args:
        values: what the texts of this command's refusals name, for `infra.cli.refusals`.
    """
    # These cost more than `--help` may take.
    from infra.cli.refusals import failure_of
    from shared.kit.errors import Rejected, Unavailable
    from shared.platform.settings import SettingsMissing

    try:
        yield
    except (Rejected, Unavailable, SettingsMissing) as refusal:
        raise failure_of(refusal, values) from refusal
