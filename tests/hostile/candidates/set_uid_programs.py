"""Tries to become root by programs that run as their owner, the system's and its own.

Expected: nothing gained
"""

import os
import shutil
import subprocess

try:
    shutil.copy("/usr/bin/id", "/tmp/id")
    os.chmod("/tmp/id", 0o6755)
    os.chown("/tmp/id", 0, 0)
    print("ESCAPED: owner")
except OSError:
    pass
for command in (
    ["/usr/bin/su", "-s", "/bin/sh", "-c", "id -u", "root"],
    ["/usr/bin/sudo", "-n", "id", "-u"],
    ["/usr/bin/newgrp", "root"],
    ["/usr/bin/pkexec", "id", "-u"],
):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=3)
        if done.stdout.strip() == b"0":
            print("ESCAPED:", command)
    except (OSError, subprocess.SubprocessError):
        pass
print("done")
