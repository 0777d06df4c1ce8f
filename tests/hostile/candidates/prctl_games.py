"""Tries to get rid of its own restraints by prctl, and to gain rights.

Expected: nothing gained
"""

import ctypes

libc = ctypes.CDLL(None)
for name, arguments in {
    "no new privileges": (38, 0, 0, 0, 0),
    "seccomp off": (22, 0, 0, 0, 0),
    "ambient capability": (47, 2, 21, 0, 0),
    "secure bits": (28, 0, 0, 0, 0),
    "memory map": (35, 9, 0, 0, 0),
}.items():
    if libc.prctl(*map(ctypes.c_ulong, arguments)) == 0:
        print("ESCAPED:", name)
for arguments in ((4, 1), (36, 1), (1, 0), (0x59616D61, -1), (15, b"\x1b[2J")):
    libc.prctl(*arguments, 0, 0, 0)  # dumpable, subreaper, no death signal, any tracer, a name
with open("/proc/self/status") as file:
    status = dict(line.rstrip("\n").split(":", 1) for line in file if ":" in line)
if status["Seccomp"].strip() != "2" or status["NoNewPrivs"].strip() != "1":
    print("ESCAPED: no filter")
if int(status["CapEff"], 16) or int(status["CapBnd"], 16):
    print("ESCAPED: capabilities")
print("done")
