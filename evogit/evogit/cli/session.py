"""What a command works with, each part opened when it is first asked for.

Only ``cli`` reads the environment; what the kernel needs from it passes through here.
"""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from evogit.cli.output import Output
from evogit.errors import ConfigError, NotFoundError, PreconditionError
from evogit.ids import SPEC_REF, slug

if TYPE_CHECKING:
    from evogit.config.model import Budget, Settings
    from evogit.phylogeny.index import Phylogeny
    from evogit.redact import Redactor
    from evogit.source import Source
    from evogit.steering.desk import Desk
    from evogit.swarm.repository import Swarm
    from evogit.swarm.spec import Spec

SWARM_NAME: Final = "swarm.git"
_MAX_PACKED_REFS: Final = 64 * 2**20


class Session:
    """One invocation of the command line.

    Args:
        output: where to write.
        cwd: the folder it was started in.
        environ: the environment's variables.
    """

    def __init__(self, output: Output, cwd: Path, environ: Mapping[str, str]) -> None:
        self.output = output
        self.cwd = cwd
        self.environ = environ

    def clock(self) -> float:
        """Seconds since 1970."""
        return time.time()

    @cached_property
    def source(self) -> Source:
        """The user's repository around the current folder.

        Raises:
            NotFoundError: the folder is in none.
        """
        from evogit.source import find_source

        return find_source(self.cwd)

    @cached_property
    def swarm_path(self) -> Path:
        """The swarm repository: the one we are in, or the one of the user's repository.

        Raises:
            NotFoundError: there is neither.
            PreconditionError: it came with somebody's files.
        """
        near = nearest_swarm(self.cwd)
        if near is not None:
            _refuse_tracked(near)
            return near
        path = self.source.swarm
        if not path.exists():
            raise NotFoundError(
                f"{self.source.work_tree or self.source.common_dir} has no swarm yet",
                hint="run evogit init first",
            )
        return path

    @cached_property
    def swarm(self) -> Swarm:
        """The open swarm repository.

        Raises:
            NotFoundError: there is none, or it is not complete.
        """
        from evogit.swarm.repository import Swarm

        return Swarm(self.swarm_path)

    @cached_property
    def spec(self) -> Spec:
        """The newest version of the spec."""
        return self.swarm.spec()

    @cached_property
    def config_file(self) -> Path:
        """The configuration file in force: ``EVOGIT_CONFIG``, else the nearest one.

        Raises:
            ConfigError: there is none.
        """
        from evogit.config.load import require

        named = self.environ.get("EVOGIT_CONFIG")
        if named:
            return self.cwd / named
        if self.in_clone:
            raise ConfigError(
                "in a clone the spec of the swarm counts, and no evogit.toml",
                hint="evogit config get shows it; change it where the swarm was made, the goal anywhere",
            )
        try:
            source = self.source
        except NotFoundError:
            return require(self.cwd, self.cwd)
        hidden = source.common_dir / "evogit" / "evogit.toml"
        return hidden if hidden.is_file() else require(self.cwd, source.work_tree or self.cwd)

    @cached_property
    def in_clone(self) -> bool:
        """Whether we are in a swarm that was made elsewhere: no configuration file here is its own."""
        near = nearest_swarm(self.cwd)
        if near is None:
            return False
        try:
            return self.source.swarm != near
        except NotFoundError:
            return True

    @cached_property
    def settings(self) -> Settings:
        """What the configuration says, with the person's own defaults and overrides; in a clone the spec."""
        if self.in_clone and not self.environ.get("EVOGIT_CONFIG"):
            return self.spec.settings
        return self.read_settings(self.config_file)

    def read_settings(self, config: Path) -> Settings:
        """The same of a configuration file, read anew.

        Raises:
            ConfigError: it or an override is wrong.
        """
        from evogit.config.load import load

        return load(config, environ=self.environ, fallback=self.config_home / "config.toml")

    @property
    def own_budget(self) -> Budget:
        """The caps of this clone's own configuration; none where the spec alone counts.

        Raises:
            ConfigError: the configuration is wrong.
        """
        from evogit.config.model import Budget

        if self.in_clone:
            return Budget()
        try:
            config = self.config_file
        except ConfigError:  # taken away: the spec stays as it is
            return Budget()
        return self.read_settings(config).budget

    @property
    def budget(self) -> Budget:
        """The caps that hold here: another host can lower them in the spec, but not raise them."""
        return self.spec.settings.budget.strictest(self.own_budget)

    def keep_secrets(self, named: Iterable[str]) -> Redactor:
        """Takes the secrets of this person's environment out of texts; output now does so too.

        Args:
            named: variables to keep besides those whose names say that they are secrets.
        """
        from evogit.redact import Redactor, secret_variables

        self.output.redactor = Redactor(secret_variables(self.environ, named))
        return self.output.redactor

    @cached_property
    def environment_digest(self) -> str:
        """The environment that workers here used last; empty before the first run."""
        path = self.swarm.path / "evogit" / "environment"
        try:
            return path.read_text("ascii", "replace").strip()[:200]
        except FileNotFoundError:
            return ""

    @cached_property
    def phylogeny(self) -> Phylogeny:
        """What has evolved, as of now."""
        from evogit.phylogeny.index import Phylogeny

        found = Phylogeny(
            self.swarm.git,
            evaluator=self.spec.evaluator,
            environment=self.environment_digest,
            maximize=self.maximize,
            cache=self.swarm.private / "phylogeny.cache",
        )
        found.refresh()
        return found

    def follow_judging(self) -> bool:
        """Forget spec and phylogeny if workers judge otherwise by now; whether they do.

        Scores are those of one evaluator in one environment. Whoever keeps a session for long asks
        from time to time; the parts then open anew.
        """
        spec, digest = self.spec, self.environment_digest
        vars(self).pop("environment_digest", None)
        if self.swarm.git.ref(SPEC_REF) != spec.commit:
            vars(self).pop("spec", None)
        if (self.spec.evaluator, self.environment_digest) == (spec.evaluator, digest):
            return False
        for name in ("phylogeny", "desk"):
            vars(self).pop(name, None)
        return True

    @property
    def maximize(self) -> bool:
        """Whether a larger score is better."""
        return self.spec.settings.evaluate.direction == "maximize"

    @cached_property
    def user(self) -> str:
        """The login name, made into a valid name; decisions are recorded under it."""
        try:
            return slug(self.environ.get("EVOGIT_USER") or getpass.getuser(), "human")
        except (KeyError, OSError):  # no passwd entry for this uid, as in many containers
            return "human"

    @cached_property
    def host(self) -> str:
        """This machine's name, made into a valid name."""
        return slug(socket.gethostname().partition(".")[0], "host")

    @cached_property
    def desk(self) -> Desk:
        """Where decisions of this person are written."""
        from evogit.steering.desk import Desk

        return Desk(self.swarm, self.phylogeny, self.user, self.clock)

    @cached_property
    def config_home(self) -> Path:
        """Folder of the person's own settings."""
        return self._xdg("XDG_CONFIG_HOME", ".config")

    @cached_property
    def cache_home(self) -> Path:
        """Folder of what may be deleted at any time."""
        return self._xdg("XDG_CACHE_HOME", ".cache")

    @cached_property
    def state_home(self) -> Path:
        """Folder of what outlives a run but is no setting, such as consent."""
        return self._xdg("XDG_STATE_HOME", ".local/state")

    def _xdg(self, variable: str, default: str) -> Path:
        # The specification says that a relative path is to be ignored.
        named = Path(self.environ.get(variable, ""))
        root = named if named.is_absolute() else Path(self.environ.get("HOME", "/"), default)
        return root / "evogit"


def nearest_swarm(start: Path) -> Path | None:
    """A swarm repository that is or lies in ``start`` or a folder above, up to a work tree's top."""
    for folder in (start, *start.parents):
        for candidate in (folder, folder / SWARM_NAME):
            if is_swarm(candidate):
                return candidate
        if (folder / ".git").exists():
            return None
    return None


def _refuse_tracked(swarm: Path) -> None:
    """Refuse a bare repository that is among the tracked files of a work tree.

    Its configuration would be its author's, and git obeys configuration. (git calls this
    ``safe.bareRepository``.)
    """
    top = next((folder for folder in swarm.parents if (folder / ".git").exists()), None)
    if top is None:
        return
    import pygit2

    from evogit.source import find_source

    prefix = f"{swarm.relative_to(top).as_posix()}/"
    index = pygit2.Repository(str(find_source(top).git_dir)).index
    entries = cast("Iterable[pygit2.IndexEntry]", index)  # its stub has no __iter__
    if any(str(entry.path).startswith(prefix) for entry in entries):
        raise PreconditionError(
            f"{swarm} came with the files of {top}, so its configuration is not trusted",
            hint="clone it with evogit clone, or go to another folder",
        )


def is_swarm(folder: Path) -> bool:
    """Whether ``folder`` is a swarm repository; looks at files only, starts nothing."""
    if not ((folder / "HEAD").is_file() and (folder / "objects").is_dir()):
        return False
    if (folder / SPEC_REF).is_file():
        return True
    packed = folder / "packed-refs"
    if not packed.is_file() or packed.stat().st_size > _MAX_PACKED_REFS:
        return False
    return f" {SPEC_REF}\n".encode() in packed.read_bytes()
