"""Answers without the search/replace blocks that were asked for, as small models give them.

A unified diff is as exact as they are, and a definition has a name, so its place in a file is as
exact as that of lines that were copied.
"""

from __future__ import annotations

import ast
from collections import Counter
from itertools import pairwise
from typing import Final

from evogit_agents.llm.answers import UnusableError, blocks_beside, hunks, summary
from evogit_agents.llm.ground import Edit
from evogit_agents.llm.patch import Range, put
from evogit_agents.llm.python import Definition, definitions, span, tree_of
from evogit_agents.llm.source import Source

_WANTED: Final = "there is no SEARCH/REPLACE block"


def read_otherwise(answer: str, source: Source) -> Edit:
    """The file after an answer that has one code block instead of search/replace blocks.

    The block may be a unified diff of the file, or define functions and classes of it anew.

    Raises:
        UnusableError: there is not one block, it is neither, or has no place in the file.
    """
    found = blocks_beside(answer)
    if len(found) != 1:
        raise UnusableError(_WANTED)
    changes = hunks(found[0])
    text = source.swapped(changes).text if changes else _put_definitions(found[0], source)
    return Edit({source.path: source.become(text)}, summary(answer))


def _put_definitions(block: str, source: Source) -> str:
    """The source's text with the functions and classes that a block defines.

    Each takes the place of that of the same name. Imports and definitions that the file lacks go
    before the first of them; lines that the file has already are passed over. Raises
    ``UnusableError`` if it has other statements, or what it defines is not in the file, once and in
    lines that may change.
    """
    if not source.path.endswith(".py"):
        raise UnusableError(_WANTED)
    replaced, added = _sorted_out(block, source)
    first = source.lines[replaced[0][0][0] - 1] if replaced else ""
    if not replaced or _overlap(replaced) or (added and first[:1].isspace()):
        raise UnusableError(_WANTED)
    text = source.text
    # From the end, so that the lines before keep their numbers.
    for i, (lines, new) in reversed(list(enumerate(replaced))):
        text = put(text, lines, "\n\n\n".join([*added, new]) if i == 0 else new)
    return text


def _sorted_out(text: str, source: Source) -> tuple[list[tuple[Range, str]], list[str]]:
    """New definitions with the lines they replace, in the file's order; and what is to be added."""
    tree, lines = tree_of(text), text.split("\n")
    places, known = _places(source), {line.strip() for line in source.lines}
    replaced: list[tuple[Range, str]] = []
    added: list[str] = []
    for node in tree.body if tree is not None else ():
        first, last = span(node)
        own = lines[first - 1 : last]
        if isinstance(node, Definition) and node.name in places:
            replaced.append((places.pop(node.name), "\n".join(own)))
        elif all(line.strip() in known for line in own):
            continue
        elif isinstance(node, Definition | ast.Import | ast.ImportFrom):
            added.append("\n".join(own))
        else:
            raise UnusableError(_WANTED)
    return sorted(replaced), added


def _places(source: Source) -> dict[str, Range]:
    """Where the file defines each name, of those it defines once in lines that may change."""
    found = definitions(source.text)
    times = Counter(name for name, _ in found)
    return {name: at for name, at in found if times[name] == 1 and source.may_change(at)}


def _overlap(replaced: list[tuple[Range, str]]) -> bool:
    spans = [lines for lines, _ in replaced]
    return any(before[1] >= after[0] for before, after in pairwise(spans))
