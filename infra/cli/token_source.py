"""Where an access token comes from: a file, standard input, the environment or a prompt, and never an argument."""

import getpass
import os
import sys
from pathlib import Path

from infra.cli.language import say
from infra.cli.refusals import refused


def read_token(file: Path | None, *, from_stdin: bool, variable: str | None) -> str:
    """Return the token from the one place that was named; a person at a terminal who named none is asked.

    Args:
        file: holds the token and nothing else.
        from_stdin: read standard input to its end.
        variable: name of an environment variable.

    Raises:
        CommandFailed: no place or several were named, or the file or variable is not there.
    """
    places = (file is not None) + from_stdin + (variable is not None)
    if places == 0 and sys.stdin.isatty():
        return getpass.getpass(say("Access token (it is not shown): ")).strip()
    if places != 1:
        raise refused("token_source")
    if variable is not None:
        if not (token := os.environ.get(variable, "").strip()):
            raise refused("settings_missing", reason=f"{variable}: missing")
        return token
    if file is None:
        return sys.stdin.read().strip()
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise refused("not_a_file", path=file) from error
