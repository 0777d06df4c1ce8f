"""Tries to fill memory with large files in /dev/shm.

Expected: nothing gained or ended by disk
"""

written = 0
for number in range(64):
    try:
        with open(f"/dev/shm/{number}", "wb", buffering=0) as file:
            written += file.write(b"x" * 2**20)
    except OSError:
        pass
if written > 16 * 2**20:
    print("ESCAPED:", written)
print("done")
