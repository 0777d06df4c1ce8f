"""Tries to raise its own resource limits.

Expected: nothing gained
"""

import resource

for name in ("CPU", "AS", "FSIZE", "NOFILE", "NPROC", "CORE"):
    key = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(key)
    if hard == resource.RLIM_INFINITY:
        print("ESCAPED: no limit", name)
    try:
        resource.setrlimit(key, (hard + 1, hard + 1))
        print("ESCAPED:", name)
    except (ValueError, OSError):
        pass
print("done")
