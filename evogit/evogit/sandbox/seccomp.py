"""Which system calls a candidate may not make, as a BPF program the kernel can load.

The program is assembled here, so no libseccomp is needed: a few dozen comparisons that any reader
can check against the kernel's tables (``arch/x86/entry/syscalls/syscall_64.tbl`` and
``include/uapi/asm-generic/unistd.h``). bubblewrap loads it with ``--seccomp``; a process that
builds its own namespaces calls :func:`install`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import Final

from evogit.errors import EvaluatorError

# Names of the kernel's headers (linux/audit.h, linux/bpf_common.h, linux/seccomp.h).
_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_ALLOW: Final = 0x7FFF0000
_FAIL: Final = 0x00050000  # SECCOMP_RET_ERRNO, or-ed with the error number
_KILL: Final = 0x80000000  # SECCOMP_RET_KILL_PROCESS
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32_BIT: Final = 0x40000000

# Each with its number on x86_64 and on aarch64.
_FORBIDDEN: Final[dict[str, tuple[int, int]]] = {
    # network: the network namespace is empty, but families such as AF_VSOCK ignore namespaces
    "socket": (41, 198),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "mknod": (133, 33),  # 33 is mknodat: aarch64 has no other
    "mknodat": (259, 33),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # large kernel attack surface that evaluations have no use for
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, 40),  # x86 only; 40 (mount) is forbidden on aarch64 anyway
    # need privileges nobody has inside; refused twice
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "syslog": (103, 116),
    "vhangup": (153, 58),
}
# Missing on old kernels, so that programs fall back by themselves when told ENOSYS. Memory of
# memfd files and of System V segments, queues and semaphores counts to no process, so it would
# escape the memory limit: 64 GB of semaphores are a few thousand calls.
_UNKNOWN: Final[dict[str, tuple[int, int]]] = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "clone3": (435, 435),  # its flags lie in memory, where a filter can not look
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    # Asynchronous I/O has one quota for the whole machine, which databases of the host need too.
    "io_setup": (206, 0),
    "semget": (64, 190),
    "msgget": (68, 186),
}
INTERNET: Final = (2, 10, 16)
"""AF_INET, AF_INET6, and AF_NETLINK, which says which addresses this machine has. Without AF_UNIX:
abstract UNIX sockets belong to the network namespace, so a job that shares the host's could talk to
its session bus or display."""
LOCAL: Final = (1, 16)
"""AF_UNIX and AF_NETLINK: in a network namespace of one's own these lead nowhere."""
_CLONE: Final = (56, 220)
_IOCTL: Final = (16, 29)
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACE: Final = 0x7E020000
_TERMINAL_INPUT: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into the user's terminal


def program(machine: str | None = None, *, sockets: tuple[int, ...] = ()) -> bytes:
    """The filter as an array of ``struct sock_filter``.

    Args:
        machine: as ``platform.machine()`` says; by default this one's.
        sockets: families of sockets that are allowed; no other is.

    Raises:
        EvaluatorError: an architecture without a table here.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        raise EvaluatorError(
            f"there is no system call filter for {machine}",
            hint="use the container sandbox, whose engine brings its own",
        )
    column = list(_ARCHITECTURES).index(machine)
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, _ARCHITECTURES[machine], 1, 0),
        _step(_RETURN, _KILL),  # 32-bit calls have other numbers; nobody needs them
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        code += [_step(_AT_LEAST, _X32_BIT, 0, 1), _step(_RETURN, _FAIL | errno.ENOSYS)]
    if sockets:
        code += _sockets(sockets, column)
    code += _refuse(_FORBIDDEN, column, errno.EPERM) + _refuse(_UNKNOWN, column, errno.ENOSYS)
    code += [
        _step(_EQUAL, _CLONE[column], 0, 4),
        _step(_LOAD, _ARGUMENTS),
        _step(_ANY_BIT, _NEW_NAMESPACE, 0, 1),
        _step(_RETURN, _FAIL | errno.EPERM),
        _step(_RETURN, _ALLOW),
        _step(_EQUAL, _IOCTL[column], 0, 4),
        _step(_LOAD, _ARGUMENTS + 8),
        _step(_EQUAL, _TERMINAL_INPUT[0], 1, 0),
        _step(_EQUAL, _TERMINAL_INPUT[1], 0, 1),
        _step(_RETURN, _FAIL | errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def install() -> None:
    """Load the filter into the calling thread and what it starts; it can not be taken off again.

    Raises:
        EvaluatorError: the kernel refuses, or the architecture is not known.
    """
    code = program()
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: unsigned short, padding, pointer
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    )
    zero = ctypes.c_ulong(0)
    no_new_privileges = libc.prctl(38, ctypes.c_ulong(1), zero, zero, zero)
    if no_new_privileges or libc.prctl(22, ctypes.c_ulong(2), header, zero, zero):
        reason = os.strerror(ctypes.get_errno())
        raise EvaluatorError(
            f"the kernel refuses the system call filter: {reason}",
            hint="the kernel needs CONFIG_SECCOMP_FILTER",
        )


def _sockets(allowed: tuple[int, ...], column: int) -> list[bytes]:
    """Decide about ``socket`` by its family."""
    families = [_step(_EQUAL, f, len(allowed) - n) for n, f in enumerate(allowed)]
    return [
        _step(_EQUAL, _FORBIDDEN["socket"][column], 0, len(families) + 3),
        _step(_LOAD, _ARGUMENTS),
        *families,
        _step(_RETURN, _FAIL | errno.EACCES),
        _step(_RETURN, _ALLOW),
    ]


def _refuse(calls: dict[str, tuple[int, int]], column: int, error: int) -> list[bytes]:
    code: list[bytes] = []
    for number in sorted({numbers[column] for numbers in calls.values()}):
        code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _FAIL | error)]
    return code


def _step(operation: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", operation, if_true, if_false, operand)
