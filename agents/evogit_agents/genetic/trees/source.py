"""A file as bytes and as a tree of light nodes, listing what an edit may touch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from evogit.errors import InternalError
from evogit.inline_tests.kept import inline_tests, keeps_tests
from evogit.paths import editable_ranges, outside_unchanged
from evogit_agents.genetic.source import MAX_BYTES, MAX_NODES
from evogit_agents.genetic.trees.grammar import (
    BLOCKS,
    FUNCTIONS,
    NAMES,
    Grammar,
    is_statement,
    language,
)

if TYPE_CHECKING:
    from tree_sitter import Tree, TreeCursor

MAX_DEPTH: Final = 200
"""Deeper syntax is hostile or generated."""

_BOM: Final = b"\xef\xbb\xbf"
_NEWLINE: Final = re.compile(rb"\r\n|\r|\n")


Splice = tuple[int, int, bytes]
"""From, to, and what stands there instead."""


@dataclass(slots=True, eq=False)
class Node:
    """A piece of syntax: its kind as the grammar names it, and where it stands."""

    kind: str
    start: int
    end: int
    named: bool
    role: str | None
    parent: Node | None
    place: int
    """Its index among its parent's children."""
    children: list[Node] = field(default_factory=list["Node"])

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return self.end - self.start

    def walk(self) -> Iterator[Node]:
        """Itself and all below it, in the order of the text."""
        left: list[Node] = [self]
        while left:
            node = left.pop()
            yield node
            left.extend(reversed(node.children))

    def up(self) -> Iterator[Node]:
        """What it stands in, from the inside out."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def named_children(self) -> list[Node]:
        """Its children without punctuation and keywords."""
        return [child for child in self.children if child.named]


@dataclass(eq=False)
class Source:
    """One parsed file. Comments are not in the tree. Offsets count bytes after a byte order mark."""

    grammar: Grammar
    data: bytes
    bom: bytes
    root: Node
    broken: int
    """How many errors the parser found in it; macros of C leave some in good code."""

    def text(self, node: Node) -> bytes:
        """What a node reads."""
        return self.data[node.start : node.end]

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes in the order of the text."""
        return list(self.root.walk())

    @cached_property
    def editable(self) -> list[Node]:
        """All nodes that lie wholly where the file may change."""
        spans, tests = self._spans, self._tests
        nodes = self.nodes
        if tests:
            nodes = [n for n in nodes if not any(a < n.end and n.start < b for a, b in tests)]
        if spans is None:
            return nodes
        return [n for n in nodes if any(a <= n.start and n.end <= b for a, b in spans)]

    @cached_property
    def statements(self) -> list[Node]:
        """Statements of a block that may change."""
        return [
            n
            for n in self.editable
            if n.named and is_statement(n.kind) and n.parent is not None and n.parent.kind in BLOCKS
        ]

    @cached_property
    def functions(self) -> list[Node]:
        """Functions that may change."""
        return [n for n in self.editable if n.kind in FUNCTIONS]

    @cached_property
    def meaning(self) -> list[bytes]:
        """The words of the program, without space and comments."""
        return [self.text(n) for n in self.nodes if not n.children]

    @cached_property
    def shared(self) -> frozenset[bytes]:
        """Names that occur outside of functions: what every function may refer to."""
        inside = [(f.start, f.end) for f in self.nodes if f.kind in FUNCTIONS]
        heads = {self.text(c) for f in self.nodes if f.kind in FUNCTIONS for c in _head(f)}
        return frozenset(heads) | {
            self.text(n)
            for n in self.nodes
            if n.kind in NAMES and not any(a <= n.start and n.end <= b for a, b in inside)
        }

    def known(self, node: Node) -> frozenset[bytes]:
        """Names that may be used where ``node`` stands: those of its function, and the shared ones."""
        around = next((n for n in node.up() if n.kind in FUNCTIONS), self.root)
        return self.shared | {self.text(n) for n in around.walk() if n.kind in NAMES}

    def line(self, node: Node) -> int:
        """The line a node begins on, from 1."""
        return len(_NEWLINE.findall(self.data, 0, node.start)) + 1

    def indent(self, node: Node) -> bytes | None:
        """The white space before a node, ``None`` if anything else stands there on its line."""
        start = self.line_start(node.start)
        head = self.data[start : node.start]
        return None if head.strip() else head

    def line_start(self, at: int) -> int:
        """Where the line around an offset begins."""
        return max(self.data.rfind(b"\n", 0, at), self.data.rfind(b"\r", 0, at)) + 1

    def newline(self) -> bytes:
        """The line end of the first line, LF if there is none."""
        found = _NEWLINE.search(self.data)
        return found[0] if found else b"\n"

    def encoded(self) -> bytes:
        """The file's bytes."""
        return self.bom + self.data

    def spliced(self, splices: Sequence[Splice]) -> Source | None:
        """The file after an edit, ``None`` if that breaks it, changes nothing, or touches too much."""
        data = self.data
        for start, end, text in sorted(splices, reverse=True):
            data = data[:start] + text + data[end:]
        after = parse(self.bom + data, self.grammar)
        if after is None or after.broken > self.broken or after.meaning == self.meaning:
            return None
        old, new = (d.decode("utf-8", "surrogateescape") for d in (self.data, data))
        kept = keeps_tests(self.grammar.tests, old, new)
        return after if kept and outside_unchanged(old, new) else None

    @cached_property
    def _spans(self) -> list[tuple[int, int]] | None:
        ranges = editable_ranges(self.data.decode("utf-8", "surrogateescape"))
        if ranges is None:
            return None
        starts = [0, *(m.end() for m in _NEWLINE.finditer(self.data)), len(self.data)]
        return [(starts[a - 1], starts[b]) for a, b in ranges]

    @cached_property
    def _tests(self) -> list[tuple[int, int]]:
        """Where tests stand that may not change."""
        text = self.data.decode("utf-8", "surrogateescape")
        found = inline_tests(self.grammar.tests, text)
        if found is None:
            return [(0, len(self.data))]
        return [(_bytes(text[:start]), _bytes(text[:end])) for start, end in found.spans]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def parse(data: bytes, grammar: Grammar) -> Source | None:
    """A file as a tree; ``None`` for what is too large, too deep, not UTF-8, or beyond the grammar."""
    if len(data) > MAX_BYTES or b"\0" in data:
        return None
    bom = _BOM if data.startswith(_BOM) else b""
    data = data[len(bom) :]
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    from tree_sitter import Parser

    tree = Parser(language(grammar)).parse(data)
    if tree.root_node.descendant_count > MAX_NODES:
        return None
    root, broken = _tree(tree)
    return None if root is None else Source(grammar, data, bom, root, broken)


def _head(function: Node) -> Iterator[Node]:
    """Names in what stands before a function's body."""
    for child in function.children:
        if child.role in ("name", "declarator"):
            yield from (n for n in child.walk() if n.kind in NAMES)
            return


def _tree(tree: Tree) -> tuple[Node | None, int]:
    """The light copy without comments, and the number of errors; nothing if it is too deep."""
    cursor = tree.walk()
    root = here = _copied(cursor, None)
    broken, depth = int(_is_broken(cursor)), 0
    while True:
        if cursor.goto_first_child():
            depth += 1
            parent: Node | None = here
        else:
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent() or here.parent is None:
                    return root, broken
                depth, here = depth - 1, here.parent
            parent = here.parent
        if depth > MAX_DEPTH:
            return None, broken
        here = _copied(cursor, parent)
        broken += _is_broken(cursor)


def _copied(cursor: TreeCursor, parent: Node | None) -> Node:
    found = cursor.node
    if found is None:
        raise InternalError("a cursor of tree-sitter stands nowhere")
    place = len(parent.children) if parent is not None else 0
    node = Node(
        found.type,
        found.start_byte,
        found.end_byte,
        found.is_named,
        cursor.field_name,
        parent,
        place,
    )
    if parent is not None and not (found.is_extra and found.type.endswith("comment")):
        parent.children.append(node)
    return node


def _is_broken(cursor: TreeCursor) -> bool:
    node = cursor.node
    return node is not None and (node.is_error or node.is_missing)
