"""Every error the kernel raises on purpose.

::

    EvoGitError
     ├── UserError            the caller asked for something that can not be     (exit 2)
     │    ├── ConfigError     evogit.toml, the spec or a flag says something wrong (exit 2)
     │    ├── NotFoundError   a selector, ref, agent or file names nothing        (exit 3)
     │    └── PreconditionError  the state does not allow it: a lost compare-and-swap,
     │                        a dirty or checked-out target, missing trust        (exit 4)
     ├── BudgetError          a limit was reached before the target               (exit 5)
     ├── EvaluatorError       the evaluator, sandbox or a plugin can not be used  (exit 6)
     ├── GitError             git itself failed: command, exit status, stderr     (exit 1)
     └── InternalError        a broken promise of our own                         (exit 1)

Each carries one sentence that says what happened and to which object, and a ``hint`` that says
what to do next. The command line turns the class into the exit code and never shows a traceback.
"""

from __future__ import annotations

from typing import ClassVar


class EvoGitError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: one sentence: what happened, to which object.
        hint: what the reader can do next; empty if nothing can be said.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(EvoGitError):
    """The caller asked for something that can not be done as asked."""

    exit_code = 2
    code = "usage"


class ConfigError(UserError):
    """evogit.toml, the spec or a flag holds a value that is not allowed."""

    code = "config"


class NotFoundError(UserError):
    """A selector, ref, agent, file or repository does not exist."""

    exit_code = 3
    code = "not-found"


class PreconditionError(UserError):
    """The state of a repository does not allow the operation now."""

    exit_code = 4
    code = "precondition"


class ConflictError(PreconditionError):
    """A compare-and-swap was lost: somebody else moved the ref first."""

    code = "conflict"


class NothingToDoError(PreconditionError):
    """What was asked for is so already."""

    exit_code = 7
    code = "nothing-to-do"


class BudgetError(EvoGitError):
    """A limit was reached before the target was."""

    exit_code = 5
    code = "budget"


class EvaluatorError(EvoGitError):
    """The evaluator, a sandbox, an agent or a strategy can not be used on this machine."""

    exit_code = 6
    code = "unusable"


class InterruptError(EvoGitError):
    """A human ended the work before it was done; what was recorded is safe."""

    exit_code = 130
    code = "interrupted"


class GitError(EvoGitError):
    """The git program failed.

    Args:
        message: what was attempted, on which repository.
        command: the argument list that was run.
        status: its exit status; negative for a signal, ``None`` when it did not end in time.
        stderr: what it printed, decoded with replacement, at most 20,000 characters.
        stdout: what it printed before it failed.
        hint: what to do next.
    """

    code = "git"

    def __init__(
        self,
        message: str,
        *,
        command: tuple[str, ...] = (),
        status: int | None = None,
        stderr: str = "",
        stdout: bytes = b"",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.command = command
        self.status = status
        self.stderr = stderr[:20_000]
        self.stdout = stdout


class InternalError(EvoGitError):
    """A promise of our own was broken; please report it."""

    code = "internal"
