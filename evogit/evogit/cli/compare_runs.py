"""The runs of ``evogit compare``: finishing those that are missing, and reading all of them."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evogit.cli.session import Session
from evogit.errors import InterruptError
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.compare.arms import Arm, Cell
    from evogit.compare.pool import Ended, Job
    from evogit.compare.result import Result
    from evogit.compare.setting import Setting
    from evogit.compare.table import Row

_CHILD: Final = (sys.executable, "-m", "evogit.cli.compare_cell")
_INTERRUPTED: Final = 130
_ERROR: Final = "error: "
_MANY: Final = 3
"""So many failures in a row are no accident: nothing more is started."""


@dataclass(frozen=True, slots=True)
class Work:
    """One invocation: what is to be compared, and where."""

    session: Session
    home: Path
    setting: Setting
    arms: tuple[Arm, ...]
    unsafe: bool

    @property
    def cells(self) -> list[Cell]:
        """Every run."""
        from evogit.compare.arms import cells

        return cells(list(self.setting.problems), self.arms, self.setting.seeds)

    def has_begun(self) -> bool:
        """Whether any run is finished, so that somebody may have looked."""
        from evogit.compare.cell import is_finished
        from evogit.compare.setting import folder_of

        return any(is_finished(folder_of(self.home, cell)) for cell in self.cells)

    def warn_of_power(self, against: str) -> None:
        """Say before the runs if they can not lead to any verdict, or not to the one asked for."""
        for text in self.notes(against):
            self.session.output.warn(text)

    def notes(self, against: str) -> list[str]:
        """What is said of a reference that was chosen afterwards, and of too few seeds."""
        from evogit.compare.page import chosen_afterwards, too_few
        from evogit.compare.setting import reference

        begun, others = reference(self.home, against), len(self.arms) - 1
        pairs = others if begun == against else others * len(self.arms) // 2
        few = too_few(len(self.setting.seeds), len(self.setting.problems) * pairs)
        return [text for text in (chosen_afterwards(against, begun), few) if text]

    def run_missing(
        self, templates: dict[str, Path], jobs: int
    ) -> tuple[list[dict[str, object]], int]:
        """Finish every run that is not finished; those that failed, and how many are left.

        Raises:
            Exit: a human interrupted it.
        """
        from evogit.cli.run import interruptible
        from evogit.compare.cell import is_finished
        from evogit.compare.pool import run_all
        from evogit.compare.setting import folder_of

        every = self.cells
        missing = [cell for cell in every if not is_finished(folder_of(self.home, cell))]
        work = [(cell, self._job(cell, templates[cell.problem])) for cell in missing]
        stop = threading.Event()
        progress = _Progress(self, len(every), len(missing), stop)
        with interruptible(stop) as interrupted:
            run_all(work, _CHILD, jobs, stop, progress.ended)
        if interrupted.is_set():
            left = f"{progress.left} of {len(every)} runs left"
            raise InterruptError(f"interrupted with {left}", hint="the same command goes on")
        return progress.failed, progress.left

    def _job(self, cell: Cell, template: Path) -> Job:
        from evogit.compare.pool import Job
        from evogit.compare.setting import folder_of

        setting = self.setting
        return Job(
            template=str(template),
            folder=str(folder_of(self.home, cell)),
            arm=cell.arm.text,
            seed=cell.seed,
            evaluations=setting.evaluations[cell.problem],
            agents=setting.agents,
            kinds=setting.kinds,
            unsafe=self.unsafe,
        )

    def report(
        self, against: str, targets: dict[str, float], failed: list[dict[str, object]]
    ) -> None:
        """Read all results, write the files, and print the table."""
        from evogit.cli.compare_report import show, write

        results, rows, data = self._read(against, targets)
        write(self.home, data, rows, results, self.notes(against))
        show(self.session.output, data, rows, failed)
        self.session.output.note(
            f"{data['finished']} of {data['cells']} runs; table.md and results.json are in {self.home}"
        )

    def show_finished(self, against: str, targets: dict[str, float]) -> None:
        """Print the table of the runs that are finished, which may be none.

        Raises:
            PreconditionError: the folder does not hold this comparison.
        """
        from evogit.cli.compare_report import show
        from evogit.compare.setting import check

        check(self.home, self.setting)
        self.warn_of_power(against)
        _, rows, data = self._read(against, targets)
        show(self.session.output, data, rows, [])
        self.session.output.note(f"{data['finished']} of {data['cells']} runs are finished")

    def _read(
        self, against: str, targets: dict[str, float]
    ) -> tuple[list[Result], list[Row], dict[str, Any]]:
        from evogit.compare.page import as_data
        from evogit.compare.result import check_same, read
        from evogit.compare.setting import folder_of, reference
        from evogit.compare.table import tabulate

        every = self.cells
        found = [read(cell, folder_of(self.home, cell)) for cell in every]
        results = [one for one in found if one is not None]
        check_same(results)
        begun, complete = reference(self.home, against), len(results) == len(every)
        rows = tabulate(results, against, targets, complete=complete, afterwards=begun != against)
        return results, rows, as_data(self.setting, (against, begun), rows, results, len(every))


class _Progress:
    """A line for every run that ends, with an estimate of what is left."""

    def __init__(self, work: Work, cells: int, left: int, stop: threading.Event) -> None:
        self._work = work
        self._cells = cells
        self._first = self.left = left
        self._stop = stop
        self._started = time.monotonic()
        self._in_a_row = 0
        self.failed: list[dict[str, object]] = []

    def ended(self, run: Ended) -> None:
        """Take one into account."""
        output = self._work.session.output
        name = f"{run.cell.problem} {run.cell.arm.name} seed {run.cell.seed}"
        if run.status == _INTERRUPTED:
            return
        if run.status:
            self._in_a_row += 1
            why = _reason(run)
            self.failed.append(
                {
                    "problem": run.cell.problem,
                    "arm": run.cell.arm.name,
                    "seed": run.cell.seed,
                    "why": why,
                }
            )
            output.warn(f"{name} failed: {(output.manner.debug and run.trouble) or why}")
            if self._in_a_row >= _MANY:
                self._stop.set()
            return
        self._in_a_row = 0
        self.left -= 1
        done = self._first - self.left
        rest = (time.monotonic() - self._started) / done * self.left
        output.note(
            f"{self._cells - self.left} of {self._cells}: {name}, {run.seconds:.0f} s; about {rest / 60:.0f} min left"
        )


def _reason(run: Ended) -> str:
    """One line of what a run that failed said: its error, else the last line of a traceback."""
    lines = [line for line in run.trouble.splitlines() if line.strip()]
    errors = [line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)]
    return clean_line((errors or lines or [f"exit status {run.status}"])[-1], 300)
