"""Search over individuals in memory, in the background, and plain find in whatever has lines.

Nothing here loads anything: it looks at the individuals the phylogeny holds already. Only messages
(``msg:``) are read from git, because they are not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from evogit.errors import NotFoundError
from evogit.git.repository import GitRepository
from evogit.phylogeny.index import Phylogeny
from evogit.text import clean_line

MESSAGES: Final = "msg:"
_CHUNK: Final = 400
_ID_LENGTH: Final = 4
"""So many hexadecimal digits may be the start of an id."""
_FOUND_LINES: Final = 20_000
"""Lines that plain find looks at before it gives up."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    Args:
        text: as typed; ``msg:`` in front means whole messages, not just subjects and names.
        fuzzy: the characters may have others between them.
    """

    text: str
    fuzzy: bool = False

    @property
    def messages(self) -> bool:
        """Whether whole messages are searched, which have to be read from git."""
        return self.text.lower().startswith(MESSAGES)

    @property
    def needle(self) -> str:
        """The characters to find."""
        return self.text[len(MESSAGES) :].strip() if self.messages else self.text.strip()

    def matches(self, text: str) -> bool:
        """Whether they are in ``text``; case matters only if the query has a capital."""
        needle = self.needle
        if needle == needle.lower():
            text = text.lower()
        return _scattered(needle, text) if self.fuzzy else needle in text


def _scattered(needle: str, text: str) -> bool:
    at = 0
    for character in needle:
        if character == " ":
            continue
        at = text.find(character, at) + 1
        if at == 0:
            return False
    return True


class Search:
    """Which individuals match; filled by one thread at a time, read by the UI thread at any time."""

    def __init__(self) -> None:
        self.query = Query("")
        self.version = 0
        """Changes whenever ``matches`` may answer differently."""
        self.count = 0
        self._hits = bytearray()

    @property
    def active(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.query.needle)

    @property
    def scanned(self) -> int:
        """How many individuals were looked at."""
        return len(self._hits)

    def begin(self, query: Query) -> None:
        """Look for something else from now on; an empty text ends the search."""
        self.query = query
        self._hits = bytearray()
        self.count = 0
        self.version += 1

    def matches(self, row: int) -> bool:
        """Whether an individual matches, as far as is known."""
        return row < len(self._hits) and self._hits[row] == 1

    def scan(self, look: Look, until: int, wanted: Callable[[], bool]) -> bool:
        """Look at some individuals more; true if there are more to look at.

        Args:
            look: says what is known of an individual.
            until: how many individuals there are.
            wanted: false as soon as somebody asks for something else.
        """
        query, hits = self.query, self._hits
        for row in range(len(hits), min(len(hits) + _CHUNK, until)):
            if not wanted() or self._hits is not hits:
                return False
            hit = look(row, query)
            hits.append(hit)
            self.count += hit
        self.version += 1
        return len(hits) < until

    def next(self, rows: Sequence[int], here: int | None, *, forward: bool) -> int | None:
        """The next individual that matches, going round at the end.

        Args:
            rows: individuals in the order of their lines.
            here: where to start, itself left out unless it is the only one.
            forward: downwards.
        """
        if not rows or not self.count:
            return None
        try:
            at = -1 if here is None else rows.index(here)
        except ValueError:
            at = -1
        step = 1 if forward else -1
        for distance in range(1, len(rows) + 1):
            row = rows[(at + step * distance) % len(rows)]
            if self.matches(row):
                return row
        return None


Look = Callable[[int, Query], bool]


def looker(phylogeny: Phylogeny, names: Mapping[int, Sequence[str]], git: GitRepository) -> Look:
    """Says whether an individual matches a query, by what is in memory or by its message."""

    def look(row: int, query: Query) -> bool:
        if query.messages:
            return query.matches(_message(phylogeny, git, row))
        return query.matches(_known(phylogeny, names, row)) or _is_id(query, phylogeny.commit(row))

    return look


def _known(phylogeny: Phylogeny, names: Mapping[int, Sequence[str]], row: int) -> str:
    said = (phylogeny.subject(row), phylogeny.agent(row), phylogeny.operator(row))
    return " ".join((*said, *names.get(row, ())))


def _is_id(query: Query, commit: str) -> bool:
    return len(query.needle) >= _ID_LENGTH and commit.startswith(query.needle.lower())


def _message(phylogeny: Phylogeny, git: GitRepository, row: int) -> str:
    try:
        return git.commit(phylogeny.commit(row)).message
    except NotFoundError:
        return ""


class Findable(Protocol):
    """Something with lines, for plain find."""

    @property
    def find_size(self) -> int:
        """How many lines there are."""
        ...

    @property
    def find_here(self) -> int:
        """The line under the cursor."""
        ...

    def find_text(self, line: int) -> str:
        """The text of a line."""
        ...

    def find_show(self, line: int) -> None:
        """Put the cursor on a line."""
        ...


def find_line(place: Findable, query: Query, *, forward: bool, here: bool = False) -> int | None:
    """The next line with the text, going round at the end, after 20,000 lines at the latest.

    Args:
        place: where to look.
        query: what for.
        forward: downwards.
        here: whether the line under the cursor counts.
    """
    size, start = place.find_size, place.find_here
    step = 1 if forward else -1
    for distance in range(0 if here else 1, min(size, _FOUND_LINES) + 1):
        line = (start + step * distance) % size if size else 0
        if size and query.matches(clean_line(place.find_text(line), 2000)):
            return line
    return None
