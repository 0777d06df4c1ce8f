"""Tries system calls with a large attack surface: bpf, io_uring, userfaultfd, keyrings, perf.

Expected: nothing gained
"""

import ctypes
import errno
import platform

if platform.machine() == "x86_64":
    libc = ctypes.CDLL(None, use_errno=True)
    calls = {"bpf": 321, "io_uring_setup": 425, "userfaultfd": 323, "keyctl": 250, "add_key": 248}
    calls |= {"perf_event_open": 298, "open_by_handle_at": 304, "fsopen": 430, "open_tree": 428}
    calls |= {"pidfd_getfd": 438, "kexec_load": 246, "init_module": 175, "setns": 308}
    for name, number in calls.items():
        result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
        if result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
            print("ESCAPED:", name, result, ctypes.get_errno())
    if libc.syscall(41 | 0x40000000, 1, 1, 0) >= 0:
        print("ESCAPED: x32 socket")
print("done")
