"""Tries to break the reader with bytes that are no text, lone surrogates and NULs.

Expected: Crashed or Scored 0
"""

import os

os.write(1, b'["\\ud800", "\xed\xa0\x80", "\xff\xfe\x00", "\x1b]52;c;ZXZpbA==\x07"]\n')
os._exit(0)
