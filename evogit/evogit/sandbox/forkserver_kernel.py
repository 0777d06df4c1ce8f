"""The system calls behind the fork server that Python does not offer, through ctypes.

Standard library only and Python 3.9 syntax: this module also runs inside foreign interpreters,
which get its source from :mod:`evogit.sandbox.forkserver`. Constants are from the kernel's
``linux/sched.h``, ``linux/mount.h``, ``linux/prctl.h`` and ``linux/capability.h``. All functions
raise ``OSError``.
"""

from __future__ import annotations

import array
import ctypes
import os
import socket
import struct

NEW_MOUNTS = 0x00020000
NEW_CGROUP = 0x02000000
NEW_HOST_NAME = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PIDS = 0x20000000
NEW_NETWORK = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_RECURSIVE_PRIVATE = 0x4000 | 0x40000

READ_ONLY, NO_SUID, NO_DEVICES = 1, 2, 4  # MOUNT_ATTR_*
MAP_IDS = 0x00100000

_OPEN_TREE, _MOVE_MOUNT, _CLOSE_RANGE, _MOUNT_SETATTR = 428, 429, 436, 442
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_HERE = -100
_EMPTY_PATH, _RECURSIVE = 0x1000, 0x8000
_DETACH = 2
_DEATH_SIGNAL, _DUMPABLE, _SECCOMP, _DROP_BOUNDING, _NO_NEW_PRIVILEGES = 1, 4, 22, 24, 38
_CAPABILITIES = 64

# PyDLL keeps the GIL: the callers have one thread, and giving it up costs more than the calls.
_libc = ctypes.PyDLL(None, use_errno=True)
_UNUSED = ctypes.c_ulong(0)


def _checked(result: int, what: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, what + ": " + os.strerror(error))
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by ``flags`` for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "new namespaces")


def setns(descriptor: int, kind: int) -> None:
    """Enter an existing namespace."""
    _checked(_libc.setns(descriptor, kind), "entering a namespace")


def mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None) -> None:
    """Attach a file system, or change how one is attached; the arguments are those of the kernel."""
    number = ctypes.c_ulong(flags)
    _checked(_libc.mount(source, target, kind, number, data), "mount " + os.fsdecode(target))


def pivot_root(new_root: bytes) -> None:
    """Make ``new_root``, a mount, the root; nothing of the old one stays reachable."""
    os.chdir(new_root)
    # Both arguments ".": the old root ends up on top of the new one, as pivot_root(2) explains.
    _checked(_libc.pivot_root(b".", b"."), "pivot_root")
    _checked(_libc.umount2(b".", _DETACH), "detaching the old root")
    os.chdir("/")


def open_tree(path: bytes) -> int:
    """A detached copy of the mounts at and below ``path``, as a descriptor."""
    flags = 1 | _RECURSIVE | os.O_CLOEXEC
    return _checked(_libc.syscall(_OPEN_TREE, _HERE, path, flags), "open_tree " + os.fsdecode(path))


def set_attributes(tree: int, attributes: int, users: int = 0, *, whole: bool = True) -> None:
    """Set mount attributes of a mount descriptor, by default of all mounts below it too."""
    data = struct.pack("QQQQ", attributes, 0, 0, users)
    flags = _EMPTY_PATH | (_RECURSIVE if whole else 0)
    _checked(_libc.syscall(_MOUNT_SETATTR, tree, b"", flags, data, len(data)), "mount_setattr")


def attach(tree: int, target: bytes) -> None:
    """Mount a detached tree at ``target``."""
    what = "move_mount " + os.fsdecode(target)
    _checked(_libc.syscall(_MOVE_MOUNT, tree, b"", _HERE, target, 4), what)


def new_tmpfs(options: dict[str, str]) -> int:
    """A detached tmpfs, as a descriptor."""
    context = _checked(_libc.syscall(_FSOPEN, b"tmpfs", 1), "fsopen")
    try:
        for key, value in options.items():
            set_string = _libc.syscall(_FSCONFIG, context, 1, key.encode(), value.encode(), 0)
            _checked(set_string, "tmpfs option " + key)
        _checked(_libc.syscall(_FSCONFIG, context, 6, None, None, 0), "creating a tmpfs")
        return _checked(_libc.syscall(_FSMOUNT, context, 1, NO_SUID | NO_DEVICES), "fsmount")
    finally:
        os.close(context)


def die_with_parent() -> None:
    """SIGKILL for this process when the thread that started it ends."""
    _prctl(_DEATH_SIGNAL, 9)


def set_dumpable(*, dumpable: bool) -> None:
    """Whether others of the same user may look into this process."""
    _prctl(_DUMPABLE, int(dumpable))


def drop_capabilities() -> None:
    """Give up every capability for good."""
    for capability in range(_CAPABILITIES):
        if _libc.prctl(_DROP_BOUNDING, ctypes.c_ulong(capability), _UNUSED, _UNUSED, _UNUSED):
            break  # EINVAL: the kernel knows no more
    header = struct.pack("Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    _checked(_libc.capset(header, bytes(24)), "capset")


def no_new_privileges() -> None:
    """No program started from here gains anything from set-uid or file capabilities."""
    _prctl(_NO_NEW_PRIVILEGES, 1)


def install_filter(code: bytes) -> None:
    """Load a seccomp filter, an array of ``struct sock_filter``."""
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: unsigned short, padding, pointer
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    result = _libc.prctl(_SECCOMP, ctypes.c_ulong(2), header, _UNUSED, _UNUSED)
    _checked(result, "the kernel refuses the system call filter")


def close_from(first: int) -> None:
    """Close every descriptor from ``first`` on."""
    last = ctypes.c_uint(0xFFFFFFFF)
    _checked(_libc.syscall(_CLOSE_RANGE, ctypes.c_uint(first), last, 0), "close_range")


def _prctl(option: int, value: int) -> None:
    result = _libc.prctl(option, ctypes.c_ulong(value), _UNUSED, _UNUSED, _UNUSED)
    _checked(result, "prctl")


def map_ids(inside: int, uid: int, gid: int) -> None:
    """Give the new user namespace its only uid and gid: ``inside`` for ours outside."""
    for name, text in (
        ("uid_map", f"{inside} {uid} 1"),
        ("setgroups", "deny"),
        ("gid_map", f"{inside} {gid} 1"),
    ):
        fd = os.open("/proc/self/" + name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)


def send(channel: socket.socket, data: bytes, descriptors: list[int]) -> None:
    """Send one message with descriptors."""
    rights = array.array("i", descriptors)
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    channel.sendmsg([data], control)


def receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """Receive one message with its descriptors, which the caller owns; empty at the end."""
    descriptors = array.array("i")
    room = socket.CMSG_SPACE(250 * descriptors.itemsize)
    data, control, _, _ = channel.recvmsg(2**17, room, socket.MSG_CMSG_CLOEXEC)
    for level, kind, rights in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            whole = len(rights) - len(rights) % descriptors.itemsize
            descriptors.frombytes(rights[:whole])
    return data, descriptors.tolist()
