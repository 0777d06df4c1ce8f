"""The one function that starts the git program.

Git obeys hooks, configuration, filters, replace refs and environment variables that other people
may have written. Every call made here pins its own repository, ignores the user's and the
system's configuration (unless ``user_config`` or ``as_user``), turns hooks and file-system monitors
off, and never prompts. Object ids passed on must be full ids; other revisions go behind ``--end-of-options``.
The environment is an allow-list: a wrapper library that adds variables to the inherited ones can
not give that (``GIT_DIR`` of the caller would reach git, and ``GIT_CONFIG_COUNT`` does only ``as_user``).
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evogit.errors import GitError
from evogit.text import clean_line, decode

if TYPE_CHECKING:
    import subprocess

_HARDENED: Final = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.fsync=all",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "safe.bareRepository=explicit",
    "-c",
    "transfer.fsckObjects=true",
    "-c",
    "advice.detachedHead=false",
)
SERVE: Final = (
    "GIT_GRAFT_FILE=/dev/null GIT_NO_REPLACE_OBJECTS=1 GIT_NO_LAZY_FETCH=1 "
    "git -c uploadpack.allowAnySHA1InWant=true -c core.hooksPath=/dev/null upload-pack"
)
"""For ``fetch --upload-pack``: serves any commit of a local repository as it is stored. Variables
that harden the fetching side do not reach the serving one: git removes them on the way."""

_SAYS: Final = ("fatal:", "error:", "ssh:")
"""How lines of git and its transports begin that say what is wrong."""
_KEPT: Final = ("PATH", "HOME", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "USER", "LOGNAME", "TMPDIR")
_TRANSPORT: Final = (
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "GIT_SSL_CAINFO",
    "SSL_CERT_FILE",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
)
_PERSONAL: Final = ("GIT_CONFIG_", "GIT_AUTHOR_", "GIT_COMMITTER_")
"""How variables begin that say more of the configuration, and who commits. What is given with ``-c`` here
stands above them."""
_SIGNING: Final = (
    "GNUPGHOME",
    "GPG_TTY",
    "TERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_ASKPASS_REQUIRE",
)
"""Where a program that signs finds its agent, and that agent a window to ask in."""


def run_git(
    git_dir: Path,
    *arguments: str,
    stdin: bytes | int = b"",
    timeout: float = 600.0,
    user_config: bool = False,
    as_user: bool = False,
    variables: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
) -> bytes:
    """Run ``git --git-dir=git_dir ARGUMENTS`` and return what it printed.

    The program has a session of its own: neither it nor what it starts can ask at a terminal.

    Args:
        git_dir: the repository; git never searches for another one.
        arguments: command and arguments; ids in full, names behind ``--end-of-options``.
        stdin: given to the program's standard input; or a descriptor to be its standard input,
            which what git starts itself does not inherit.
        timeout: seconds until the program is killed, with what it started.
        user_config: read the user's configuration too, for transport: credentials, SSH and proxies.
        as_user: read it, and what the environment says of it and of who commits, as for a commit that
            the user makes; a program that signs may reach its agent and ask in a window.
        variables: further environment variables, such as ``GIT_INDEX_FILE``.
        inherit: descriptors the program gets too, such as one that holds a file lock. All that git
            starts inherits them as well.

    Raises:
        GitError: git is missing, failed, or did not end in time.
    """
    import subprocess  # kept out of start-up

    command = ("git", f"--git-dir={git_dir}", *_HARDENED, *arguments)
    user_config = user_config or as_user
    environment = _environment(user_config=user_config, as_user=as_user) | dict(variables or {})
    if not user_config and "fetch" in arguments:
        environment["GIT_ALLOW_PROTOCOL"] = "file"
    try:
        process = subprocess.Popen(
            command,
            stdin=stdin if isinstance(stdin, int) else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=git_dir,
            pass_fds=tuple(inherit),
            start_new_session=True,
        )
        out, err = _outcome(process, b"" if isinstance(stdin, int) else stdin, timeout)
    except subprocess.TimeoutExpired as error:
        raise GitError(
            f"git {_verb(arguments)} did not end within {timeout:g} s in {git_dir}", command=command
        ) from error
    except OSError as error:
        raise GitError(
            f"git can not be started: {error}", command=command, hint="install git 2.38 or newer"
        ) from error
    if process.returncode != 0:
        raise _failure(git_dir, command, _verb(arguments), process.returncode, err, out)
    return out


def _verb(arguments: Sequence[str]) -> str:
    """The command among the arguments: settings may come before it."""
    while arguments[0] == "-c":
        arguments = arguments[2:]
    return arguments[0]


def _outcome(process: subprocess.Popen[bytes], stdin: bytes, timeout: float) -> tuple[bytes, bytes]:
    """What it prints until it ends; if we do not wait for that, its whole group is killed."""
    with process:
        try:
            return process.communicate(stdin if process.stdin else None, timeout)
        except BaseException:
            if process.returncode is None:  # else its number may be somebody else's by now
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            raise


def stream_git(git_dir: Path, *arguments: str, stdin: bytes = b"") -> Iterator[bytes]:
    """What ``git ARGUMENTS`` prints, in pieces of up to 1 MiB while it is still running.

    For histories too big to hold twice. Closing the iterator early kills the program. Arguments
    are as for ``run_git``; ``stdin`` goes to a temporary file, so it may be of any length.

    Raises:
        GitError: git is missing, or failed (after everything it printed was yielded).
    """
    import subprocess
    import tempfile

    command = ("git", f"--git-dir={git_dir}", *_HARDENED, *arguments)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(
                command,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=complaints,
                # Without GIT_FLUSH=0 git writes every commit of a log on its own.
                env=_environment(user_config=False) | {"GIT_FLUSH": "0"},
                cwd=git_dir,
                bufsize=0,
                pipesize=2**20,
            )
        except OSError as error:
            raise GitError(
                f"git can not be started: {error}",
                command=command,
                hint="install git 2.38 or newer",
            ) from error
        with process:
            try:
                assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
                while piece := process.stdout.read(2**20):
                    yield piece
                status = process.wait()
            finally:
                process.kill()
        if status != 0:
            complaints.seek(0)
            raise _failure(git_dir, command, arguments[0], status, complaints.read(16_000))


def _failure(
    git_dir: Path,
    command: tuple[str, ...],
    verb: str,
    status: int,
    stderr: bytes,
    stdout: bytes = b"",
) -> GitError:
    text = decode(stderr, 20_000)
    lines = [line for line in text.splitlines() if line.strip()]
    # The last lines of a failed transport are advice that fits every failure.
    said = [line for line in lines if line.startswith(_SAYS)][:1] or lines[-1:] or ["no message"]
    return GitError(
        f"git {verb} failed in {git_dir}: {clean_line(said[0], 300)}",
        command=command,
        status=status,
        stderr=text,
        stdout=stdout,
    )


def _environment(*, user_config: bool, as_user: bool = False) -> dict[str, str]:
    kept = _KEPT + (_TRANSPORT if user_config else ()) + (_SIGNING if as_user else ())
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    if as_user:
        environment |= {n: text for n, text in os.environ.items() if n.startswith(_PERSONAL)}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_PAGER": "cat",
        "LC_ALL": "C.UTF-8",
    }
    if not user_config:
        environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        # A partial clone fetches what it lacks by a command of its configuration. Older versions
        # do not know the first variable, but none of them can use a protocol called "none".
        environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
    return environment
