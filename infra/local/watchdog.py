"""Ends the stack's child processes when the stack itself is gone, however it went (a kill -9 too).

A program of its own, started by the stack with a pipe as its input. `+ <process group> <signal>` and
`- <process group>` lines keep its list; the end of the pipe is the end of the stack. It imports next to nothing, to
start at once.
"""

import os
import signal
import sys
import time

PATIENCE_SECONDS = 5.0  # a turn's own work is repeatable, so nobody gets longer to finish when the stack has crashed


def main() -> None:
    """Keep the list until the pipe ends, then end what is left on it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        sign, group, *rest = line.split()
        if sign == "+":
            groups[int(group)] = int(rest[0])
        else:
            groups.pop(int(group), None)
    for group, wanted in groups.items():
        _send(group, wanted)
        _send(group, signal.SIGCONT)  # a stopped process takes its signal only when it goes on
    give_up = time.monotonic() + PATIENCE_SECONDS
    while groups and time.monotonic() < give_up:
        groups = {group: wanted for group, wanted in groups.items() if _send(group, 0)}
        time.sleep(0.02)
    for group in groups:
        _send(group, signal.SIGKILL)


def _send(group: int, number: int) -> bool:
    """Signal a process group; false when nobody is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
