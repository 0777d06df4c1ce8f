"""Columns of individuals: about 200 bytes each, plus two dictionaries from ids to rows.

Rows are numbered in the order they were read; a parent always has a lower row than its children.
"""

from __future__ import annotations

from array import array
from typing import Final

ID_BYTES: Final = 20
_NONE: Final = -1


class Ids:
    """Object ids of 20 bytes in one block, and the row of each."""

    def __init__(self, block: bytes = b"") -> None:
        self.block = bytearray(block)
        step = range(0, len(block), ID_BYTES)
        self.rows = {block[at : at + ID_BYTES]: row for row, at in enumerate(step)}

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, name: bytes) -> int:
        """The row of ``name``, which is appended if it is new."""
        row = self.rows.get(name)
        if row is None:
            row = len(self.rows)
            self.block += name
            self.rows[name] = row
        return row

    def __getitem__(self, row: int) -> bytes:
        return bytes(self.block[row * ID_BYTES : row * ID_BYTES + ID_BYTES])


class Names:
    """Short strings that repeat (agents, operators), each stored once."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._rows = {name: row for row, name in enumerate(names)}

    def add(self, name: str) -> int:
        """The number of ``name``, which is stored if it is new."""
        row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = len(self.names)
            self.names.append(name)
        return row


class Individuals:
    """What git says about every individual."""

    COLUMNS: Final = (
        ("tree_rows", "I"),
        ("times", "q"),
        ("generations", "I"),
        ("agents", "I"),
        ("operators", "I"),
        ("steps", "q"),
        ("parent_ends", "I"),
        ("parent_rows", "I"),
        ("subject_ends", "Q"),
        ("twins", "i"),
    )

    def __init__(self) -> None:
        self.ids = Ids()
        self.names = Names([""])
        self.subject_text = bytearray()
        self.tree_rows = array("I")
        self.times = array("q")
        self.generations = array("I")
        self.agents = array("I")
        self.operators = array("I")
        self.steps = array("q")
        self.parent_ends = array("I")
        self.parent_rows = array("I")
        self.subject_ends = array("Q")
        self.twins = array("i")
        """The next older individual with the same tree, or -1."""

    def __len__(self) -> int:
        return len(self.ids)

    def append(
        self,
        name: bytes,
        tree_row: int,
        parents: list[int],
        time: int,
        subject: str,
        provenance: tuple[str, str, int],
        twin: int,
    ) -> int:
        """Add one; its id becomes findable last, so that a reader never sees half of it."""
        agent, operator, step = provenance
        generations = self.generations
        self.tree_rows.append(tree_row)
        self.times.append(time)
        generations.append(1 + max(generations[p] for p in parents) if parents else 0)
        self.agents.append(self.names.add(agent))
        self.operators.append(self.names.add(operator))
        self.steps.append(step)
        self.parent_rows.extend(parents)
        self.parent_ends.append(len(self.parent_rows))
        self.subject_text += subject.encode("utf-8", "replace")
        self.subject_ends.append(len(self.subject_text))
        self.twins.append(twin)
        return self.ids.add(name)

    def parents(self, row: int) -> tuple[int, ...]:
        """Rows of its parents, first parent first."""
        start = self.parent_ends[row - 1] if row else 0
        return tuple(self.parent_rows[start : self.parent_ends[row]])

    def subject(self, row: int) -> str:
        """Its clean subject line."""
        start = self.subject_ends[row - 1] if row else 0
        return self.subject_text[start : self.subject_ends[row]].decode("utf-8", "replace")


class Genomes:
    """Every tree that an individual has or an evaluation names, and how it was judged."""

    COLUMNS: Final = (("newest", "i"), ("evaluations", "i"), ("statuses", "b"), ("scores", "d"))

    def __init__(self) -> None:
        self.ids = Ids()
        self.newest = array("i")
        """The newest individual with this tree, or -1; older ones follow in ``twins``."""
        self.evaluations = array("i")
        """The newest evaluation of it, or -1; older ones follow in ``Ledger.earlier``."""
        self.statuses = array("b")
        self.scores = array("d")

    def add(self, tree: bytes) -> int:
        """The row of ``tree``, which is appended, unjudged, if it is new."""
        known = len(self.ids)
        row = self.ids.add(tree)
        if row == known:
            self.newest.append(_NONE)
            self.evaluations.append(_NONE)
            self.statuses.append(_NONE)
            self.scores.append(0.0)
        return row
