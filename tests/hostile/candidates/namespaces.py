"""Tries to gain rights: new namespaces, mounts, devices, chroot, another uid.

Expected: nothing gained
"""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
flags = (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000)
for flag in flags:
    if libc.unshare(flag) == 0:
        print("ESCAPED: unshare", hex(flag))
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
    print("ESCAPED: mount")
if libc.umount2(b"/candidate", 2) == 0:
    print("ESCAPED: umount")
if libc.mount(None, b"/candidate", None, 0x1020, None) == 0:
    print("ESCAPED: remount")
for name, attempt in (
    ("chroot", lambda: os.chroot("/tmp")),
    ("mknod", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0))),
    ("setuid", lambda: os.setuid(0)),
    ("setgroups", lambda: os.setgroups([0])),
    ("chown", lambda: os.chown("/tmp", 1, 1)),
    ("nice", lambda: os.nice(-5)),
    ("hostname", lambda: __import__("socket").sethostname("taken")),
):
    try:
        attempt()
        print("ESCAPED:", name)
    except OSError:
        pass
for number in (56, 435):  # clone, clone3 with CLONE_NEWUSER | SIGCHLD
    pid = libc.syscall(number, ctypes.c_ulong(0x10000011), 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid > 0:
        print("ESCAPED: call", number)
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file if ":" in line)
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    if int(status[name], 16):
        print("ESCAPED:", name, status[name])
if status["NoNewPrivs"].strip() != "1" or status["Seccomp"].strip() != "2":
    print("ESCAPED: no filter")
print("done")
