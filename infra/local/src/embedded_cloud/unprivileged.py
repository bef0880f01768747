"""Another user than root for a server that refuses to run as root, with the same files.

A user namespace does it where one may be made. In a container with Docker's default seccomp profile none may: there the
server becomes that user for real, with the right to enter root's folders, and owns its own.
"""

import functools
import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

from embedded_cloud.errors import CloudError

# Root may not look at another user's process in such a container, so the server is found by a parent of root's.
PARENT = (
    'trap \'kill -INT "$server"\' INT TERM; "$@" & server=$!; wait "$server"; status=$?; '
    'while kill -0 "$server" 2>/dev/null; do wait "$server"; status=$?; done; exit "$status"'
)


def command(given: Sequence[str]) -> list[str]:
    """The same command as a user that is not root; raises CloudError where there is no way to be one."""
    way = _way()
    return ["sh", "-c", PARENT, "sh", *way, *given] if way[:1] == ("setpriv",) else [*way, *given]


def adopt(folder: Path) -> None:
    """Make the folder that user's, whoever's it was: a server refuses a data folder of somebody else's."""
    if os.geteuid() != 0:
        return
    owner = _account() if _way()[:1] == ("setpriv",) else pwd.getpwuid(0)
    if folder.exists() and folder.stat().st_uid != owner.pw_uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


@functools.cache
def _way() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    user, group = _account().pw_uid, _account().pw_gid
    namespace = ("unshare", "--user", f"--map-user={user}", f"--map-group={group}", "--")
    capabilities = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")
    changed = ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *capabilities, "--")
    for way in (namespace, changed):
        if _works(way):
            return way
    raise CloudError(
        "PostgreSQL does not run as root, and root can become no other user here: unshare and setpriv both fail",
        "Run as an ordinary user; or install util-linux, and leave a container its capabilities SETUID, SETGID, CHOWN",
    )


def _account() -> pwd.struct_passwd:
    """One that has a name, which initdb wants to know: `nobody`, or any other."""
    others = [account for account in pwd.getpwall() if account.pw_uid != 0]
    if not others:
        raise CloudError("PostgreSQL does not run as root, and there is no other user", "Add one: useradd owner")
    return next((account for account in others if account.pw_name == "nobody"), others[0])


def _works(way: Sequence[str]) -> bool:
    try:
        return subprocess.run([*way, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
