"""The zygote: an interpreter with the modules imported, which only forks.

It runs in the small root every job gets, and never sees anything of a job: each child reads its
own job from a socket of its own. A child may read all memory it inherits, so nothing of another
job may ever be in there.

Standard library only, Python 3.9 syntax: runs inside foreign interpreters.
"""

# Plain os.path: this runs at every fork, or before anything is imported.
# ruff: noqa: PTH103, PTH112, PTH120, PTH123

from __future__ import annotations

import atexit
import base64
import fcntl
import gc
import importlib
import json
import os
import resource
import select
import socket
import sys
import threading
import types
from typing import Any

from evogit.sandbox import forkserver_kernel as kernel

_INSIDE = 1000  # uid and gid a job sees itself as
_SHARED_MEMORY = b"size=1048576,nr_inodes=256,mode=1777"
_OWN_NAMESPACES = (
    kernel.NEW_MOUNTS
    | kernel.NEW_NETWORK
    | kernel.NEW_IPC
    | kernel.NEW_HOST_NAME
    | kernel.NEW_CGROUP
)
_REHEARSAL = """
import sys, os
class Thing:
    def method(self, *many): return [f"{x!r:>5}" for x in many]
try: Thing().method(1, 2.5, "x").missing
except AttributeError: pass
"""
_PRIVATE_FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC


def main(config: dict[str, Any]) -> None:
    """Import the modules, say so, then fork on request until the supervisor is gone."""
    kernel.set_dumpable(dumpable=False)
    sys.path[:] = [entry for entry in sys.path if entry]  # not the working directory, as -c adds
    for name in config["preload"]:
        importlib.import_module(name)
    code = base64.b64decode(config["filter"])
    for name in config["modules"]:
        del sys.modules[name]  # a job may have an evogit package of its own
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()  # or each child's first collection would copy all inherited pages
    control = socket.socket(fileno=config["control"])
    control.send(b'{"ready": true}')
    _serve(control, code)


def _serve(control: socket.socket, code: bytes) -> None:
    """Requests are one descriptor each: the child's socket. Replies are JSON objects."""
    own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    children: dict[int, int] = {}
    while True:
        for ready, _ in poll.poll():
            if ready != control.fileno():
                poll.unregister(ready)
                _reap(control, children.pop(ready))
                os.close(ready)
                continue
            message, descriptors = kernel.receive(control)
            if not message:
                os._exit(0)
            pid = _fork(control, descriptors[0], own_pids, code)
            os.close(descriptors[0])
            pidfd = os.pidfd_open(pid)
            children[pidfd] = pid
            poll.register(pidfd, select.POLLIN)
            kernel.send(control, json.dumps({"forked": pid}).encode(), [pidfd])


def _reap(control: socket.socket, pid: int) -> None:
    _, status, used = os.wait4(pid, 0)
    cpu = used.ru_utime + used.ru_stime
    control.send(json.dumps({"ended": pid, "status": status, "cpu": cpu}).encode())


def _fork(control: socket.socket, channel: int, own_pids: int, code: bytes) -> int:
    # The child is pid 1 of a new pid namespace: when it ends, the kernel ends all it started. The
    # price: a signal it sends itself does nothing unless it handles it (abort() is a SIGSEGV then).
    kernel.unshare(kernel.NEW_PIDS)
    pid = os.fork()
    if pid:
        kernel.setns(own_pids, kernel.NEW_PIDS)
        return pid
    status = 125
    try:
        # Its number will be somebody else's: no finaliser may close it.
        control.detach()
        status = _child(socket.socket(fileno=channel), code)
    finally:
        os._exit(status)


def _child(channel: socket.socket, code: bytes) -> int:
    try:
        _prepare()
        _rehearse()
        channel.send(b"ready")
        message, descriptors = kernel.receive(channel)
        if not message:
            return 0
        job = json.loads(_content(descriptors.pop(0)))
        streams, tmp, trees = descriptors[:3], descriptors[3], descriptors[4:]
        if job["channel"]:
            streams.append(trees.pop(0))
        _enter(job, tmp, trees)
        _confine(job["resources"], code)
    except Exception as error:  # noqa: BLE001  # the client must learn why nothing was run
        channel.send(b"error" + (str(error) or repr(error)).encode())
        return 125
    channel.detach()
    _keep_only(streams)
    return _run(job)


def _content(fd: int) -> bytes:
    with open(fd, "rb") as file:
        return file.read()


def _prepare() -> None:
    """What can be done before the job is known."""
    os.setsid()  # kill(0) reaches a process group even across pid namespaces
    kernel.unshare(_OWN_NAMESPACES)
    kernel.mount(b"proc", b"/proc", b"proc", _PRIVATE_FLAGS, None)
    sysctl = kernel.open_tree(b"/proc/sys")
    kernel.set_attributes(sysctl, kernel.READ_ONLY)
    kernel.attach(sysctl, b"/proc/sys")
    os.close(sysctl)
    kernel.mount(b"tmpfs", b"/dev/shm", b"tmpfs", _PRIVATE_FLAGS, _SHARED_MEMORY)
    socket.sethostname("sandbox")


def _rehearse() -> None:
    """Take most of the page faults of starting a job (memory shared until written) before it."""
    json.loads(json.dumps(dict(os.environ)))
    exec(compile(_REHEARSAL, "rehearsal", "exec"), {})  # noqa: S102  # our own text


def _enter(job: dict[str, Any], tmp: int, trees: list[int]) -> None:
    """Attach the job's folders, close the root for writing, give up power over all of it."""
    kept = [(kernel.open_tree(os.fsencode(folder)), folder) for folder in job["kept"]]
    kernel.attach(tmp, b"/tmp")
    for tree, folder in kept:
        _make_place(tree, folder)
        kernel.attach(tree, os.fsencode(folder))
        os.close(tree)
    for tree, target in zip(trees, job["targets"]):  # noqa: B905  # strict came with 3.10
        _make_place(tree, target)
        kernel.attach(tree, os.fsencode(target))
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    kernel.set_attributes(root, kernel.READ_ONLY, whole=False)
    # Mounts, network and the rest stay owned by the namespace left behind here, in which this
    # process now has no capability.
    kernel.unshare(kernel.NEW_USER)
    kernel.set_dumpable(dumpable=True)  # or /proc/self would belong to nobody
    kernel.map_ids(_INSIDE, 0, 0)
    os.chdir(job["cwd"])


def _make_place(tree: int, target: str) -> None:
    # The root is shared by all children and read-only to jobs; empty places stay in it.
    if os.path.isdir(f"/proc/self/fd/{tree}"):
        os.makedirs(target, exist_ok=True)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644))


def _confine(resources: list[list[int]], code: bytes) -> None:
    for key, value in resources:
        hard = resource.getrlimit(key)[1]
        number = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(key, (number, number))
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    kernel.install_filter(code)


def _keep_only(streams: list[int]) -> None:
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 16) for fd in streams]
    for number, fd in enumerate(high):
        os.dup2(fd, number)
    kernel.close_from(len(high))


def _run(job: dict[str, Any]) -> int:
    os.environ.clear()
    os.environ.update(job["environ"])
    script: str = job["argv"][0]
    sys.argv = list(job["argv"])
    # The job's folders were not there yet when the interpreter looked into PYTHONPATH.
    sys.path_importer_cache.clear()
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, os.path.dirname(script))
    # Python seeds ``random`` again after each fork; numpy's global generator it does not know.
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    status = _execute(script)
    # What the interpreter does at its end; neither function has a public name.
    end_threads: Any = getattr(threading, "_shutdown")  # noqa: B009
    run_exit_functions: Any = getattr(atexit, "_run_exitfuncs")  # noqa: B009
    for last in (end_threads, run_exit_functions, sys.stdout.flush, sys.stderr.flush):
        try:
            last()
        except BaseException:  # noqa: BLE001  # as there, whatever a job does to its streams
            status = status or 120
    return status


def _execute(script: str) -> int:
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=script, __builtins__=__builtins__, __cached__=None)
    sys.modules["__main__"] = module
    try:
        with open(script, "rb") as file:
            source = file.read()
    except OSError as error:
        sys.stderr.write(f"{sys.executable}: can't open file {script!r}: {error}\n")
        return 2
    try:
        exec(  # noqa: S102  # in its sandbox, as the interpreter itself would
            compile(source, script, "exec", dont_inherit=True), module.__dict__
        )
    except SystemExit as stop:
        return _exit_status(stop.code)
    except BaseException as error:  # noqa: BLE001  # the job's, not ours
        own_frame = error.__traceback__
        error.__traceback__ = own_frame.tb_next if own_frame else None
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(str(code) + "\n")
    return 1
