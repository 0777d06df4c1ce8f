"""Lets root start sandboxes as an ordinary user who may not open root's folders.

A process that is root outside stays root to files outside, even in a user namespace, so jobs must
run under another uid. That uid can not enter ``/root`` or any other folder closed to it. One thread
therefore gets a mount namespace of its own, in which the folders a job may see are mounted at an
open place; what it starts inherits that namespace. Nothing of it is visible on the host, and the
kernel removes all of it when the thread ends, however it ends.
"""

from __future__ import annotations

import ctypes
import os
import struct
from contextlib import suppress
from itertools import count
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final

from evogit.errors import EvaluatorError

OUTSIDER: Final = 65534
"""Uid and gid of jobs when we are root: ``nobody``, which owns no files on any distribution."""

# linux/sched.h, sys/mount.h, linux/mount.h; the numbered calls are the same on all architectures.
_NEW_MOUNTS: Final = 0x00020000
_BIND, _RECURSIVE, _SLAVE = 0x1000, 0x4000, 0x80000
_NOSUID_NODEV: Final = 0x2 | 0x4
_DETACH: Final = 2
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_CLONE_RECURSIVE: Final = 1 | 0x8000 | os.O_CLOEXEC
_EMPTY_PATH, _HERE = 0x1000, -100
_MAP_IDS: Final = 0x00100000  # MOUNT_ATTR_IDMAP
_PLACE: Final = Path("/sys")  # exists everywhere and no job needs it; covered in our namespace only


class PrivateMounts:
    """A mount namespace for the calling thread, which must be the only one to use it.

    Raises:
        EvaluatorError: this root may not create one (a container without CAP_SYS_ADMIN).
    """

    def __init__(self) -> None:
        self._ids = _outsider_ids()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._names = count()
        self._check(self._libc.unshare(_NEW_MOUNTS))
        self._mount("none", Path("/"), None, _RECURSIVE | _SLAVE)
        self._mount("evogit", _PLACE, "tmpfs", _NOSUID_NODEV, "mode=0755,size=1m")

    def expose(self, source: Path, *, as_own: bool = False, writable: bool = False) -> Path:
        """Mount a file or folder where jobs can reach it; returns that path.

        Args:
            source: what to mount.
            as_own: root's files appear as the job's own, where kernel and file system allow it, so
                that they can be read whatever their mode, just as a user's own files can by hers.
            writable: jobs are to write there; where they can not do so as the owner, they become it.
        """
        target = _PLACE / str(next(self._names))
        if source.is_dir():
            target.mkdir()
        else:
            target.touch()
        if not (as_own and self._bind_mapped(source, target)):
            self._mount(str(source), target, None, _BIND | _RECURSIVE)
            if writable:
                _give_away(source)
        return target

    def withdraw(self, target: Path) -> None:
        """Undo ``expose``; jobs that have it mounted keep it until they end."""
        self._libc.umount2(os.fsencode(target), _DETACH)
        with suppress(OSError):
            if target.is_dir():
                target.rmdir()
            else:
                target.unlink()

    def _bind_mapped(self, source: Path, target: Path) -> bool:
        if self._ids is None:
            return False
        call = self._libc.syscall
        tree = call(_OPEN_TREE, _HERE, os.fsencode(source), _CLONE_RECURSIVE)
        if tree < 0:
            return False
        try:
            # struct mount_attr: attr_set, attr_clr, propagation, userns_fd
            attributes = struct.pack("QQQQ", _MAP_IDS, 0, 0, self._ids)
            mapped = call(
                _MOUNT_SETATTR, tree, b"", _EMPTY_PATH | 0x8000, attributes, len(attributes)
            )
            # 4: MOVE_MOUNT_F_EMPTY_PATH
            return not mapped and not call(_MOVE_MOUNT, tree, b"", _HERE, os.fsencode(target), 4)
        finally:
            os.close(tree)

    def _mount(
        self, source: str, target: Path, kind: str | None, flags: int, options: str | None = None
    ) -> None:
        self._check(
            self._libc.mount(
                os.fsencode(source),
                os.fsencode(target),
                None if kind is None else kind.encode(),
                ctypes.c_ulong(flags),
                None if options is None else options.encode(),
            )
        )

    def _check(self, result: int) -> None:
        if result:
            reason = os.strerror(ctypes.get_errno())
            raise EvaluatorError(
                f"root can not create a private mount namespace: {reason}",
                hint="run EvoGit as an ordinary user, or give the container CAP_SYS_ADMIN",
            )


def _give_away(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, OUTSIDER, OUTSIDER, follow_symlinks=False)


def _outsider_ids() -> int | None:
    """A user namespace in which uid and gid 0 are ``OUTSIDER``; ``None`` if there can be none."""
    try:
        holder = Popen(
            ["/usr/bin/unshare", "--user", "/bin/sh", "-c", "echo; read _"],
            stdin=PIPE,
            stdout=PIPE,
            env={},
        )
    except OSError:
        return None
    with holder:
        try:
            if holder.stdout is not None and holder.stdout.readline():
                Path(f"/proc/{holder.pid}/uid_map").write_text(f"0 {OUTSIDER} 1")
                Path(f"/proc/{holder.pid}/gid_map").write_text(f"0 {OUTSIDER} 1")
                return os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        finally:
            holder.kill()
    return None
