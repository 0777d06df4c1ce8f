"""Tries to leave by /proc: roots, folders, descriptors and memory of every process it sees.

Expected: nothing gained
"""

import glob
import os

secret = os.environ["SECRET"]
ways = glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/task/*/root")
ways += [way + "/../../.." for way in glob.glob("/proc/[0-9]*/cwd")]
ways += glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/map_files/*")
ways += [f"/proc/{pid}/root" for pid in (os.getppid(), os.environ["VICTIM"])]
for way in ways:
    try:
        with open(way + secret, "rb") as file:
            print("ESCAPED:", way, file.read())
    except OSError:
        pass
for _ in range(3):
    os.chdir("/proc/1/root/../..")
    os.chdir("..")
    if os.path.exists("." + secret):
        print("ESCAPED: upwards")
try:
    os.open(f"/proc/{os.environ['VICTIM']}/mem", os.O_RDWR)
    print("ESCAPED: memory")
except OSError:
    pass
print("done")
