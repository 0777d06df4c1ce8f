"""Promoting from the terminal: the same plan, gates and writing as ``evogit promote``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evogit.cli.individuals import doubted
from evogit.cli.promote import open_gates
from evogit.config.model import Settings
from evogit.errors import EvoGitError, PreconditionError
from evogit.ids import CommitId
from evogit.steering.promote import Plan, plan_promotion
from evogit_tui.actions import here
from evogit_tui.actions.trusted import if_trusted
from evogit_tui.dialogs.promote import PromoteDialog, Wish

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


def promote(app: EvoGitApp) -> None:
    """Open the dialog."""
    commit = here.current(app)
    session = app.model.session
    judged = _judged(session.spec.settings)
    doubt = doubted(session, session.phylogeny.index(commit))
    promoter = _Promoter(app, commit)
    app.push_screen(PromoteDialog(here.label(app, commit), judged, doubt, promoter, _late(app)))


def _judged(settings: Settings) -> str:
    found = ["judged once more", *(f"gate {gate.name}" for gate in settings.evaluate.gates)]
    if settings.evaluate.holdout is not None:
        found.append("held-out data")
    return ", ".join(found)


def _late(app: EvoGitApp) -> Callable[[str, EvoGitError | None], None]:
    def tell(text: str, error: EvoGitError | None) -> None:
        if error is not None:
            app.show_error(error)
        else:
            app.notify(text, timeout=8, markup=False)

    return tell


class _Promoter:
    """Plans and promotes one individual, in threads."""

    def __init__(self, app: EvoGitApp, commit: CommitId) -> None:
        self._app = app
        self._commit = commit

    def plan(
        self, wish: Wish, then: Callable[[Plan], None], failed: Callable[[EvoGitError], None]
    ) -> None:
        """See ``Promoter``."""
        model = self._app.model

        def work() -> Plan:
            return plan_promotion(
                model.session.swarm,
                model.phylogeny,
                model.desk.steering,
                self._commit,
                to=wish.branch,
                mode=wish.mode,
                message=wish.message,
            )

        self._app.clerk.beside("planning", work, then, failed)

    def carry_out(
        self,
        plan: Plan,
        tell: Callable[[str], None],
        then: Callable[[str], None],
        failed: Callable[[EvoGitError], None],
    ) -> None:
        """See ``Promoter``."""
        app = self._app

        def told(step: str) -> None:
            app.call_later(tell, step)

        def work() -> CommitId:
            with open_gates(app.model.session, self._commit, onto=plan.old, tell=told) as gates:
                return app.model.desk.promote(plan, gates)

        def go_on() -> None:
            text = f"{self._commit[: here.SHORT]} is on branch {plan.branch} (undo with z)"
            app.clerk.beside("promoting", work, lambda _: then(text), failed)

        if_trusted(app, go_on, lambda: failed(_not_trusted()))


def _not_trusted() -> EvoGitError:
    return PreconditionError(
        "without consent to its commands it can not be judged", hint="nothing was written"
    )
