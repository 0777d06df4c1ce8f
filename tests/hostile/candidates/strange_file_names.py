"""Tries to break whoever lists its files: names with controls, line breaks and no valid text.

Expected: nothing gained, in plain processes too
"""

import os

home = os.fsencode(os.environ["HOME"])
for name in (
    b"\x1b]52;c;ZXZpbA==\x07",
    b"line\nbreak",
    b"\xff\xfe\x80",
    "\u202egpj.exe".encode(),
    b"-rf",
    b" ",
    b"$(reboot)",
    b"x" * 255,
    b"\x01\x02\x7f",
    "\ud7ff\ue000".encode(),
):
    with open(home + b"/" + name, "wb") as file:
        file.write(name)
    os.mkdir(home + b"/folder" + name[:200])
print("done")
