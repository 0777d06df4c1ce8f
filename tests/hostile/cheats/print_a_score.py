"""Tries to print the scorer's own answer and to leave before anybody else can print.

Expected: Crashed or Scored 0
"""

import os

os.write(1, b'{"score": 5, "metrics": {}}\n')
os.write(2, b'{"score": 5}\n')
os._exit(0)
