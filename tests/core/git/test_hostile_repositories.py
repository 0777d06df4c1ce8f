"""Whatever a repository holds, looking at it and evolving it starts nothing of its author's.

Every trap that git's manual allows is set in the user's repository, each with a marker of its own;
then the real command line does all it can do. No marker may appear, no command may end with a
traceback, and no terminal sequence may come out.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import pytest

from evogit.cli.main import main

COMMON = {
    "x.py": "def f(x):\n    y = x + 1\n    return y * 2\n",
    "run.py": "from x import f\nprint(f(3))\n",
    "score.py": "import sys\nsys.stdin.read()\nprint('{\"score\": 1}')\n",
    "evogit.toml": (
        '[evaluate]\nstages = [{ run = ["python", "run.py"], score = ["python", "/eval/score.py"] }]\n'
        '[evaluate.files]\nscore = ["score.py"]\n[search]\neditable = ["x.py"]\n'
    ),
}
STATUSES = {0, 1, 2, 3, 4, 5, 6, 7}
BAD_OUTPUT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|Traceback|is a bug"
)
ESCAPE = "\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b31m\u202e"


class Trapped:
    """A user's repository in which traps can be set, and the command line to walk into them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "user"
        self.marks = folder / "marks"
        self.bin = folder / "bin"
        for made in (self.root, self.marks, self.bin, folder / "home"):
            made.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")
        for name, text in COMMON.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def script(self, name: str, folder: Path | None = None) -> str:
        """A program that leaves a mark."""
        path = (folder or self.folder / "traps") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch '{self.marks}/{name}'\ncat\n")
        path.chmod(0o755)
        return str(path)

    def config(self, key: str, value: str) -> None:
        self.git("config", "--add", key, value)

    def git(self, *arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> str:
        """The git of whoever set the traps; it obeys none of them itself."""
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            **{
                f"GIT_{who}_{what}": f"{who}@example.org"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        done = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *arguments],
            cwd=cwd or self.root,
            env=environment,
            input=stdin,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(self, message: str = "start") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def evogit(
        self, *arguments: str, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "COLUMNS": "200",
        }
        done = subprocess.run(
            [sys.executable, "-m", "evogit.cli", *arguments],
            cwd=cwd or self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        said = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
        assert done.returncode in STATUSES, (arguments, said)
        assert not BAD_OUTPUT.search(said), (arguments, said)
        assert not list(self.marks.iterdir()), arguments
        return done

    def quickly(self, *arguments: str, cwd: Path | None = None) -> int:
        """The same within this process: a command line takes most of its time to start."""
        out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
        os.chdir(cwd or self.root)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = main(arguments)
        finally:
            os.chdir(before)
        said = out.getvalue() + err.getvalue()
        assert status in STATUSES, (arguments, said)
        assert not BAD_OUTPUT.search(said), (arguments, said)
        assert not list(self.marks.iterdir()), arguments
        return status

    def walk(self, *, clone: int = 0, cwd: Path | None = None) -> None:
        """Everything the command line does with a repository."""
        assert self.evogit("init", "--yes", cwd=cwd).returncode == 0
        ran = self.evogit("run", "-n", "1", "--seed", "1", "--max-evaluations", "2", cwd=cwd)
        assert ran.returncode == 0, ran.stderr
        for line in (
            *("doctor", "status", "log --all", "show base", "show a1", "diff base a1"),
            *("promote a1 --yes", "promote a1 --to other --squash --yes"),
        ):
            self.quickly(*line.split(), cwd=cwd)
        remote, cloned = self.folder / "remote.git", self.folder / "cloned"
        self.git("init", "-q", "--bare", str(remote))
        assert self.quickly("sync", "--remote", str(remote), cwd=cwd) == 0
        assert self.quickly("clone", str(remote), str(cloned)) == clone
        if not clone:
            self.quickly("status", cwd=cloned)


@pytest.fixture
def trapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trapped:
    made = Trapped(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:{os.environ['PATH']}")
    return made


def set_configuration_traps(at: Trapped) -> None:
    """All settings of a repository that name a program, and attributes that use them."""
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "sequence.editor",
        "diff.external",
        "gpg.program",
        "gpg.ssh.program",
        "credential.helper",
        "uploadpack.packObjectsHook",
        "pager.log",
        "pager.status",
        "interactive.diffFilter",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "diff.trap.textconv",
        "diff.trap.command",
        "merge.trap.driver",
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "gc.recentObjectsHook",
        "browser.trap.cmd",
        "trailer.trap.command",
        "trailer.trap.cmd",
    ]:  # forty lines of one word each
        at.config(key, at.script(key))
    for alias in ("status", "log", "fetch", "rev-parse", "cat-file", "config"):
        at.config(f"alias.{alias}", f"!{at.script(f'alias-{alias}')}")
    at.config("commit.gpgSign", "true")
    at.config("tag.gpgSign", "true")
    at.config("merge.default", "trap")
    at.config("protocol.allow", "always")
    at.config("protocol.ext.allow", "always")
    at.config("remote.origin.url", f"ext::{at.script('ext')} x")
    at.config("remote.origin.fetch", "+refs/*:refs/*")
    at.config("url.evil::.insteadOf", str(at.folder))
    at.script("git-remote-evil", at.bin)
    at.config("fetch.recurseSubmodules", "yes")
    at.config("filter.trap.required", "true")
    at.write(".gitattributes", "* filter=trap diff=trap merge=trap text eol=crlf ident\n")
    included = at.folder / "included"
    included.write_text(f"[core]\n\tfsmonitor = {at.script('included')}\n")
    at.config("include.path", str(included))
    attributes = at.root / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* filter=trap diff=trap merge=trap\n")


def set_hooks(at: Trapped) -> None:
    """Every hook git knows, in its own folder and where husky puts them."""
    names = [
        "applypatch-msg",
        "pre-applypatch",
        "post-applypatch",
        "pre-commit",
        "pre-merge-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-commit",
        "pre-rebase",
        "post-checkout",
        "post-merge",
        "pre-push",
        "pre-receive",
        "update",
        "proc-receive",
        "post-receive",
        "post-update",
        "reference-transaction",
        "push-to-checkout",
        "pre-auto-gc",
        "post-rewrite",
        "sendemail-validate",
        "fsmonitor-watchman",
        "post-index-change",
    ]
    for name in names:
        at.script(name, at.root / ".git" / "hooks")
        at.script(name, at.root / ".husky")
        at.script(name, at.root / "hooks")
    at.config("core.hooksPath", ".husky")


@pytest.mark.slow
def test_settings_attributes_and_hooks_of_a_repository_start_nothing(trapped: Trapped) -> None:
    trapped.commit()
    set_configuration_traps(trapped)
    set_hooks(trapped)
    # Files whose time differs from the index's would have to pass the clean filter.
    for name in COMMON:
        os.utime(trapped.root / name, (1, 1))
    trapped.walk()
    # They are live: git itself, as people start it, walks into some of them.
    subprocess.run(["git", "status"], cwd=trapped.root, check=False, capture_output=True)
    assert {"core.fsmonitor", "filter.trap.process"} & {
        mark.name for mark in trapped.marks.iterdir()
    }


@pytest.mark.slow
def test_committed_traps_start_nothing(trapped: Trapped) -> None:
    trapped.write(
        ".gitmodules",
        '[submodule "a"]\n\tpath = a\n\turl = ext::touch marks/x\n'
        f'[submodule "b"]\n\tpath = b\n\turl = --upload-pack={trapped.script("upload")}\n'
        f"\tupdate = !{trapped.script('update')}\n",
    )
    trapped.write("hooks/post-checkout", f"#!/bin/sh\n{trapped.script('committed')}\n")
    trapped.write(".lfsconfig", '[lfs]\n\turl = "http://127.0.0.1:9/"\n')
    inner = trapped.root / "inner.git"
    trapped.git("init", "-q", "--bare", str(inner))
    trapped.git("config", "core.fsmonitor", trapped.script("bare"), cwd=inner)
    trapped.git("config", "core.hooksPath", str(trapped.folder), cwd=inner)
    trapped.write(".gitattributes", "* merge=union\nx.py filter=lfs\n")
    trapped.git("update-index", "--add", "--cacheinfo", "160000", "1" * 40, "a")
    trapped.commit(f"start {ESCAPE}")
    # What git's own checks refuse in a history, a stranger's clone of the swarm refuses too.
    trapped.walk(clone=1)
    trapped.evogit("status", cwd=inner)
    trapped.evogit("doctor", cwd=inner)


@pytest.mark.slow
def test_a_linked_work_tree_with_alternates_replacements_and_grafts_starts_nothing(
    trapped: Trapped,
) -> None:
    first = trapped.commit("first")
    trapped.write("x.py", COMMON["x.py"] + "# more\n")
    second = trapped.commit("second")
    trapped.git("replace", second, first)
    (trapped.root / ".git" / "info" / "grafts").write_text(f"{second}\n")
    linked = trapped.folder / "linked"
    trapped.git("worktree", "add", "-q", str(linked), "-b", "side", second)
    trapped.config("extensions.worktreeConfig", "true")
    trapped.git("config", "--worktree", "core.fsmonitor", trapped.script("worktree"), cwd=linked)
    store = trapped.folder / "store"
    trapped.git("clone", "-q", "--bare", "--dissociate", str(trapped.root), str(store))
    alternates = trapped.root / ".git" / "objects" / "info" / "alternates"
    alternates.write_text(f"{store}/objects\n")
    trapped.config("core.alternateRefsCommand", trapped.script("alternates"))
    trapped.walk(cwd=linked)


@pytest.mark.slow
def test_a_partial_clone_fetches_nothing_by_a_command_of_its_author(trapped: Trapped) -> None:
    trapped.commit()
    blob = trapped.git("rev-parse", "HEAD:x.py")
    trapped.config("extensions.partialClone", "origin")
    trapped.config("remote.origin.promisor", "true")
    trapped.config("remote.origin.url", "ssh://127.0.0.1:9/x")
    trapped.config("core.sshCommand", trapped.script("ssh"))
    (trapped.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    done = trapped.evogit("init", "--yes")
    assert done.returncode != 0
    assert b"partial clone" in done.stderr


def _store(at: Trapped, kind: str, data: bytes) -> str:
    """An object git would refuse to make."""
    whole = f"{kind} {len(data)}\0".encode() + data
    name = sha1(whole, usedforsecurity=False).hexdigest()
    path = at.root / ".git" / "objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(zlib.compress(whole))
    return name


def _entry(mode: str, name: bytes, object_id: str) -> bytes:
    return mode.encode() + b" " + name + b"\0" + bytes.fromhex(object_id)


def hostile_trees(at: Trapped) -> Iterator[tuple[str, bytes, bool]]:
    """(what, tree, whether git's own checks refuse it)."""
    text = at.git("hash-object", "-w", "--stdin", stdin=b"#!/bin/sh\n")
    folder = _store(at, "tree", _entry("100755", b"post-checkout", text))
    for name in (
        b".git",
        b".GIT",
        b"git~1",
        b"..",
        b".",
        b"a/b",
        b".g\xe2\x80\x8cit",
        b".git\xe2\x81\xa0",
    ):
        yield f"named {name!r}", _entry("40000", name, folder), True
    yield "twice", _entry("100644", b"a", text) + _entry("40000", b"a", folder), True
    for name in (b"new\nline", b"\x1b]0;x\x07", b"back\\slash", b"\xff\xfe", b"con", b"-rf"):
        yield f"named {name!r}", _entry("100644", name, text), False
    link = at.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    yield "absolute link", _entry("120000", b"link", link), False
    deep = folder
    for _ in range(600):
        deep = _store(at, "tree", _entry("40000", b"d", deep))
    yield "deep", _entry("40000", b"d", deep), False


def hostile_commits(at: Trapped, tree: str) -> Iterator[tuple[str, bytes]]:
    """Commits with dates, names and messages nobody should write."""
    who = "A U Thor <a@example.org>"
    for date in ("99999999999999", "9223372036854775807", "253402300800", "-5"):
        yield (
            f"date {date}",
            f"tree {tree}\nauthor {who} {date} +0000\ncommitter {who} {date} +0000\n\nx\n".encode(),
        )
    now = "1700000000 +0000"
    head = f"tree {tree}\nauthor {who} {now}\ncommitter {who} {now}\n"
    yield "escapes", f"{head}\n{ESCAPE}\nEvogit-Agent: a1\nEvogit-Cost-USD: nan\n".encode()
    yield "no text", head.encode() + b"\n\xff\xfe\xc3(\n"
    yield "zone", head.replace("+0000", "+9999").encode() + b"\nx\n"
    yield "name", head.replace("A U Thor", f"E{ESCAPE}vil").encode() + b"\nx\n"
    yield "signature", head.encode() + b"gpgsig -----BEGIN PGP SIGNATURE-----\n x\n\nx\n"


@pytest.mark.slow
def test_hostile_trees_and_commits_as_a_base_are_refused_or_harmless(trapped: Trapped) -> None:
    trapped.commit()
    files = [line.split(None, 3) for line in trapped.git("ls-tree", "HEAD").splitlines()]
    good = b"".join(_entry(mode, name.encode(), oid) for mode, _, oid, name in files)
    bases: list[tuple[str, str]] = []
    for what, entries, _ in hostile_trees(trapped):
        tree = _store(trapped, "tree", entries + good)
        bases.append((what, _commit(trapped, tree)))
    plain = trapped.git("rev-parse", "HEAD^{tree}")
    bases += [(what, _store(trapped, "commit", c)) for what, c in hostile_commits(trapped, plain)]
    for what, base in bases:
        trapped.quickly("init", "--yes", "--base", base)
        if (trapped.root / ".git" / "evogit" / "swarm.git").exists():
            for line in ("status", "log --all", "show base"):
                trapped.quickly(*line.split())
        assert not (trapped.root / ".git" / "hooks" / "post-checkout").exists(), what
        _remove(trapped.root / ".git" / "evogit")


@pytest.mark.slow
def test_hostile_trees_and_commits_among_the_evolved_are_refused_or_harmless(
    trapped: Trapped,
) -> None:
    trapped.commit()
    assert trapped.quickly("init", "--yes") == 0
    swarm = trapped.root / ".git" / "evogit" / "swarm.git"
    base = trapped.git("rev-parse", "HEAD")
    files = [line.split(None, 3) for line in trapped.git("ls-tree", "HEAD").splitlines()]
    good = b"".join(_entry(mode, name.encode(), oid) for mode, _, oid, name in files)
    made = [
        _commit(trapped, _store(trapped, "tree", entries + good), base)
        for _, entries, _ in hostile_trees(trapped)
    ]
    trees = len(made)
    made += [
        _store(
            trapped, "commit", commit.replace(b"\nauthor", f"\nparent {base}\nauthor".encode(), 1)
        )
        for _, commit in hostile_commits(trapped, trapped.git("rev-parse", "HEAD^{tree}"))
    ]
    (swarm / "objects" / "info" / "alternates").write_text(f"{trapped.root}/.git/objects\n")
    for number, commit in enumerate(made):
        (swarm / "refs" / "heads" / f"h{number}").write_text(f"{commit}\n")
    for name in ("-f", "--upload-pack=x", "a\u202eb"):
        (swarm / "refs" / "heads" / name).write_text(f"{base}\n")
    (swarm / "refs" / "replace").mkdir()
    (swarm / "refs" / "replace" / base).write_text(f"{made[0]}\n")
    for line in ("status", "log --all", "graph", "doctor", "export"):
        trapped.quickly(*line.split())
    trapped.quickly("run", "-n", "1", "--seed", "1", "--max-evaluations", "2")
    for number, commit in enumerate(made):
        trapped.quickly("show", commit)
        trapped.quickly("diff", "base", f"h{number}")
        if number < trees:  # the others differ in nothing that promoting looks at
            trapped.quickly("promote", commit, "--yes", "--to", f"p{number}")
    assert not (trapped.root / ".git" / "hooks" / "post-checkout").exists()


def _commit(at: Trapped, tree: str, parent: str = "") -> str:
    who = "A U Thor <a@example.org> 1700000000 +0000"
    above = f"parent {parent}\n" if parent else ""
    text = f"tree {tree}\n{above}author {who}\ncommitter {who}\n\nx\n"
    return _store(at, "commit", text.encode())


def _remove(folder: Path) -> None:
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_only_one_module_of_the_kernel_starts_git() -> None:
    import evogit.git.program as program

    root = Path(program.__file__).parent.parent
    quoted = re.compile(r"""(?<![A-Za-z])[(\[]\s*["'](?:/usr/bin/)?git["']\s*,""")
    found = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*.py"))
        if quoted.search(path.read_text("utf-8"))
    ]
    assert found == ["git/program.py"]
