"""Tries to run code in whoever unpickles its answer.

Expected: Crashed or Scored 0
"""

import os
import pickle


class Code:
    def __reduce__(self):
        return os.system, ("echo '{\"score\": 5}'; touch /tmp/planted-by-pickle",)


os.write(1, pickle.dumps([Code()] * 5, protocol=0) + b"\n")
os._exit(0)
