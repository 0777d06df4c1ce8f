"""The warm fork server: modules are imported once, each job gets a fresh process with its own namespaces.

Three processes of one interpreter, which need nothing but its standard library (Python 3.9):

- the **launcher** (:func:`main`) gives up root, enters a user, pid and mount namespace, and waits;
- the **supervisor** (:mod:`~evogit.sandbox.forkserver_supervisor`), pid 1 of that namespace, talks
  to the client and holds the limits of the jobs;
- the **zygote** (:mod:`~evogit.sandbox.forkserver_zygote`) runs in the small root every job sees,
  has the modules imported and forks.

The client hands all source over through a descriptor (:data:`BOOT`), so that the server neither
reads our package, which its uid may not be able to, nor needs it to be installed.
"""

# Plain os.path: this runs at every fork, or before anything is imported.
# ruff: noqa: PTH103, PTH110, PTH112, PTH114, PTH115, PTH120, PTH211

from __future__ import annotations

import json
import os
import socket
from typing import Any, NoReturn

from evogit.sandbox import forkserver_kernel as kernel
from evogit.sandbox.forkserver_supervisor import Supervisor

BOOT = """
import json, sys
with open(int(sys.argv[1]), "rb") as file:
    bundle = json.loads(file.read())
for name in ("evogit", "evogit.sandbox", *bundle["sources"]):
    module = sys.modules[name] = type(sys)(name)
    exec(compile(bundle["sources"].get(name, ""), name, "exec"), module.__dict__)
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, module)
main, config = sys.modules[bundle["entry"]].main, bundle["config"]
del bundle, module, name, parent, last, file
main(config)
"""
"""What the interpreter is started with (``python -c BOOT FD``); FD holds a JSON bundle."""

MODULES = (
    "evogit.sandbox.forkserver_kernel",
    "evogit.sandbox.forkserver_usage",
    "evogit.sandbox.forkserver_supervisor",
    "evogit.sandbox.forkserver_zygote",
    "evogit.sandbox.forkserver",
)
"""The modules of a bundle, in the order they import each other."""

_BASE = b"/tmp"  # covered in our own mount namespace only
_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = (
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
)
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
_MOST_LOG = 4000


def main(config: dict[str, Any]) -> None:
    """Run the launcher. Tells the client through ``config["control"]`` if it fails."""
    control = socket.socket(fileno=config["control"])
    try:
        _launch(config, control)
    except Exception as error:  # noqa: BLE001  # whatever it is, the client must learn of it
        _fail(control, str(error))


def _fail(control: socket.socket, reason: str) -> NoReturn:
    control.send(json.dumps({"error": reason}).encode())
    os._exit(1)


def _launch(config: dict[str, Any], control: socket.socket) -> None:
    # Root opens the folders before it becomes somebody who may not; others can open a mount only
    # in a namespace of their own.
    trees: list[tuple[str, int]] | None = None
    if os.geteuid() == 0:
        trees = _open_trees(config)
        os.setgroups([])
        os.setresgid(config["uid"], config["uid"], config["uid"])
        os.setresuid(config["uid"], config["uid"], config["uid"])
        kernel.set_dumpable(dumpable=True)  # or /proc/self would stay root's
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.NEW_USER | kernel.NEW_MOUNTS | kernel.NEW_PIDS | kernel.NEW_NETWORK)
    kernel.map_ids(0, uid, gid)
    kernel.mount(b"none", b"/", None, kernel.MS_RECURSIVE_PRIVATE, None)
    if trees is None:
        trees = _open_trees(config)
    kernel.set_dumpable(dumpable=False)
    pid = os.fork()
    if pid:
        kernel.close_from(0)
        _, status = os.waitpid(pid, 0)
        os._exit(status and 1)
    kernel.die_with_parent()
    try:
        _supervise(config, control, trees)
    except Exception as error:  # noqa: BLE001  # whatever it is, the client must learn of it
        _fail(control, str(error))


def _open_trees(config: dict[str, Any]) -> list[tuple[str, int]]:
    opened: list[tuple[str, int]] = []
    for path in (*_SYSTEM, *config["folders"]):
        if os.path.exists(path) and not os.path.islink(path):
            tree = kernel.open_tree(os.fsencode(path))
            kernel.set_attributes(tree, kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEVICES)
            opened.append((path, tree))
    devices = ["/dev/" + name for name in _DEVICES]
    return opened + [(path, kernel.open_tree(path.encode())) for path in devices]


def _supervise(
    config: dict[str, Any], control: socket.socket, trees: list[tuple[str, int]]
) -> None:
    kernel.mount(b"proc", b"/proc", b"proc", 0, None)  # of our pid namespace: the jobs' processes
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    log, log_end = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if not pid:
        try:
            _become_zygote(config, theirs.fileno(), log_end, trees)
        except Exception as error:  # noqa: BLE001
            os.write(log_end, str(error).encode())
        finally:
            os._exit(1)
    theirs.close()
    os.close(log_end)
    for _, tree in trees:
        os.close(tree)
    if not ours.recv(100):
        _fail(control, _tail(log) or "the interpreter ended while it was importing")
    os.close(log)
    supervisor = Supervisor(control, config["client"], ours, os.pidfd_open(pid), config["spare"])
    failure = supervisor.failure()
    if failure:
        _fail(control, failure)
    users = os.open("/proc/self/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    kernel.send(control, b'{"ready": true}', [users])
    os.close(users)
    supervisor.run()


def _tail(log: int) -> str:
    with open(log, "rb") as file:
        return file.read()[-_MOST_LOG:].decode("utf-8", "replace").strip()


def _become_zygote(
    config: dict[str, Any], control: int, log: int, trees: list[tuple[str, int]]
) -> None:
    kernel.unshare(kernel.NEW_MOUNTS)
    _build_root(trees, config["links"])
    # Not a terminal, not seekable: what Python notes about its streams at start holds for jobs too.
    stdin, writer = os.pipe()
    os.close(writer)
    for number, fd in enumerate((stdin, log, log)):
        os.dup2(fd, number)
    names = ["preload", "filter", "modules"]
    inner = {"control": control, **{name: config[name] for name in names}}
    entry = "evogit.sandbox.forkserver_zygote"
    bundle = os.memfd_create("bundle", 0)
    bundled = {"sources": config["sources"], "entry": entry, "config": inner}
    with os.fdopen(os.dup(bundle), "wb") as file:
        file.write(json.dumps(bundled).encode())
    os.lseek(bundle, 0, os.SEEK_SET)
    os.set_inheritable(control, True)
    arguments = [config["python"], "-c", BOOT, str(bundle)]
    os.execve(config["python"], arguments, config["environ"])  # noqa: S606  # no shell is wanted


def _build_root(trees: list[tuple[str, int]], links: list[tuple[str, str]]) -> None:
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount(b"evogit", _BASE, b"tmpfs", flags, b"mode=0755,size=4m")
    base = os.fsdecode(_BASE)
    for name in ("proc", "tmp", "dev/shm", "candidate", "eval"):
        os.makedirs(base + "/" + name)
    for path, tree in trees:
        _place(base + path, tree)
        kernel.attach(tree, os.fsencode(base + path))
    for path in _SYSTEM:
        if os.path.islink(path):
            os.symlink(os.readlink(path), base + path)
    for target, path in _LINKS:
        os.symlink(target, base + path)
    for path, target in links:
        os.makedirs(os.path.dirname(base + path), exist_ok=True)
        os.symlink(target, base + path)
    kernel.mount(b"proc", _BASE + b"/proc", b"proc", flags | kernel.MS_NOEXEC, None)
    kernel.pivot_root(_BASE)


def _place(path: str, tree: int) -> None:
    if os.path.isdir(f"/proc/self/fd/{tree}"):
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644))
