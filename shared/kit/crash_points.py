"""Named places at which a test kills or stops this process, to prove what happens after. No variable, no effect.

`CRASH_POINT=K4` fires at the point of that name, at its `CRASH_HIT`-th pass (default 1), with `CRASH_SIGNAL` (KILL or
STOP, default KILL). With `CRASH_ONCE_FILE` it makes that file when it fires, and never fires while the file exists.
"""

import os
import signal
import threading
from pathlib import Path

_passes: dict[str, int] = {}


def crash_point(name: str) -> None:
    """Do nothing, unless the environment says that this process shall die or stop here."""
    if os.environ.get("CRASH_POINT") != name:
        return
    _passes[name] = _passes.get(name, 0) + 1
    if _passes[name] != int(os.environ.get("CRASH_HIT", "1")):
        return
    once_file = os.environ.get("CRASH_ONCE_FILE")
    if once_file:
        try:
            Path(once_file).touch(exist_ok=False)
        except FileExistsError:
            return
    wanted = os.environ.get("CRASH_SIGNAL", "KILL")
    # to this thread, which then does not take another step: a signal to the process may stop another thread first
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP if wanted == "STOP" else signal.SIGKILL)
