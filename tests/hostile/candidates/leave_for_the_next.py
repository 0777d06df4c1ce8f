"""Tries to leave code for whoever runs next: start-up files, shared memory, byte code, settings.

Expected: nothing gained
"""

import os
import site
import sys
from multiprocessing import shared_memory

names = {
    "sitecustomize.py",
    "usercustomize.py",
    "evogit-hostile.pth",
    "conftest.py",
    ".bashrc",
    ".profile",
    ".pythonrc",
    "evogit-hostile",
}
home = os.environ["HOME"]
folders = [
    "/dev/shm",
    "/tmp",
    "/var/tmp",
    "/run",
    home,
    home + "/.config/git",
    "/candidate",
    "/eval",
]
folders += [site.getusersitepackages(), *sys.path, sys.prefix, os.path.dirname(os.__file__)]
for folder in folders:
    for name in names:
        path = os.path.join(folder, name)
        try:
            with open(path) as file:
                if "PLANTED" in file.read():
                    print("ESCAPED:", path)
        except OSError:
            pass
for folder in folders:
    for name in names:
        try:
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, name), "w") as file:
                file.write("# PLANTED\n")
        except OSError:
            pass
try:
    shared_memory.SharedMemory("evogit-hostile-block", create=True, size=4096)
except FileExistsError:
    print("ESCAPED: shared memory")
except OSError:
    pass
sys.stdout.write("done\n")
sys.stdout.flush()
os._exit(0)
