"""Tries to talk to the user's terminal: title, clipboard, cursor, colours, 8-bit controls.

Expected: nothing gained
"""

import sys

for stream in (sys.stderr.buffer, sys.stdout.buffer):
    stream.write(
        b"\x1b]0;PWNED\x07\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[31m\x9b31m\xc2\x9b2J\r\x08\x00"
    )
    stream.write("\u202egnp.exe\u2066\ufeff".encode() + b"\xed\xa0\x80\xff\n")
    stream.flush()
print("done")
