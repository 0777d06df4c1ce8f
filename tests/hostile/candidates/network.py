"""Tries to reach a server on the host and the internet, over TCP, UDP and other families.

Expected: nothing gained
"""

import os
import socket

port = int(os.environ["PORT"])
for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::1", port)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", port)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("1.1.1.1", 53)),
    (socket.AF_VSOCK, socket.SOCK_STREAM, (2, 1024)),
):
    try:
        with socket.socket(family, kind) as one:
            one.settimeout(1)
            one.connect(address)
            one.send(b"ESCAPED")
        print("ESCAPED:", family, kind, address)
    except OSError:
        pass
for family in (16, 17, 38, 40):  # netlink, packet, alg, vsock
    try:
        socket.socket(family, socket.SOCK_RAW)
        print("ESCAPED: family", family)
    except OSError:
        pass
print("done")
