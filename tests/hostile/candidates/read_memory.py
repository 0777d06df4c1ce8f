"""Tries to read and trace other processes' memory.

Expected: nothing gained
"""

import ctypes
import os

libc = ctypes.CDLL(None)
for pid in (1, os.getppid(), int(os.environ["VICTIM"])):
    if libc.ptrace(16, pid, None, None) == 0:
        print("ESCAPED: ptrace", pid)
if os.fork() == 0:
    print("ESCAPED: traceme") if libc.ptrace(0, 0, None, None) == 0 else None
    os._exit(0)
os.wait()
buffer = ctypes.create_string_buffer(8)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
if libc.process_vm_readv(os.getpid(), vector, 1, vector, 1, 0) >= 0:
    print("ESCAPED: process_vm_readv")
print("done")
