"""The file a phylogeny is reopened from. It can be deleted at any time.

A header (magic, checksum, length of a JSON part), the JSON part (small things, and the layout of
the rest), then the columns as they are in memory. Anything unexpected means "no cache".
"""

from __future__ import annotations

import contextlib
import json
import struct
import sys
import zlib
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

from evogit.errors import UserError
from evogit.files import PRIVATE, replacing
from evogit.ids import CommitId
from evogit.phylogeny.individuals import Genomes, Ids, Individuals, Names
from evogit.phylogeny.ledger import Ledger, Spent
from evogit.phylogeny.state import State
from evogit.records import Decision, Spend, dump, load

VERSION: Final = 4
_HEADER: Final = struct.Struct("<8sIIQ")
_MAGIC: Final = b"evogitph"


def save(state: State, path: Path, identity: list[str]) -> None:
    """Write the cache, replacing an older one in one step. A full disk only costs the cache.

    Args:
        state: what to keep.
        path: the file; its folder is made.
        identity: what the cache is about; ``restore`` wants the same.
    """
    blocks = _blocks(state)
    meta = _meta(state) | {
        "identity": [*identity, _machine()],
        "layout": [[name, len(block)] for name, block in blocks],
    }
    text = json.dumps(meta).encode()
    checksum = zlib.crc32(text)
    for _, block in blocks:
        checksum = zlib.crc32(block, checksum)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, mode=PRIVATE, durable=False) as file:
            file.write(_HEADER.pack(_MAGIC, VERSION, checksum, len(text)))
            file.write(text)
            for _, block in blocks:
                file.write(block)


def restore(state: State, path: Path, identity: list[str]) -> bool:
    """Fill a fresh ``state`` from the cache.

    Returns False, with ``state`` in disorder, when there is none, it is damaged, of another
    version, machine or ``identity``: make a new state then.
    """
    try:
        data = path.read_bytes()
        magic, version, checksum, length = _HEADER.unpack_from(data)
        body = memoryview(data)[_HEADER.size :]
        if magic != _MAGIC or version != VERSION or zlib.crc32(body) != checksum:
            return False
        meta = json.loads(bytes(body[:length]))
        if meta["identity"] != [*identity, _machine()]:
            return False
        _fill(state, meta, _cut(body[length:], meta["layout"]))
    except (OSError, ValueError, KeyError, TypeError, IndexError, struct.error, UserError):
        return False
    return True


def fits(path: Path, identity: list[str]) -> bool:
    """Whether ``restore`` will most probably succeed: a look at the file's head alone."""
    try:
        with path.open("rb") as file:
            magic, version, _, length = _HEADER.unpack(file.read(_HEADER.size))
            if magic != _MAGIC or version != VERSION or length > path.stat().st_size:
                return False
            meta = json.loads(file.read(length))
        return bool(meta["identity"] == [*identity, _machine()])
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False


def _machine() -> str:
    sizes = "".join(f"{code}{array(code).itemsize}" for code in "bIiqQd")
    return f"{sys.byteorder} {sizes}"


def _tables(state: State) -> list[tuple[str, Individuals | Genomes | Ledger]]:
    return [("i", state.individuals), ("g", state.genomes), ("l", state.ledger)]


def _blocks(state: State) -> list[tuple[str, bytes | bytearray | memoryview]]:
    found: list[tuple[str, bytes | bytearray | memoryview]] = [
        ("ids", state.individuals.ids.block),
        ("trees", state.genomes.ids.block),
        ("subjects", state.individuals.subject_text),
        ("entries", state.ledger.entries),
        ("attempts", state.ledger.attempt_entries),
        ("offspring", state.ledger.attempt_offspring),
        ("journals", state.journals.entries),
    ]
    for prefix, table in _tables(state):
        for name, _ in table.COLUMNS:
            column = cast("array[Any]", getattr(table, name))
            found.append((f"{prefix}.{name}", memoryview(column).cast("B")))
    return found


def _meta(state: State) -> dict[str, object]:
    ledger, spent = state.ledger, state.ledger.spent
    return {
        "names": state.individuals.names.names,
        "ledger_names": ledger.names.names,
        # What it is shown by need not be a name, and records hold only such.
        "decisions": [
            [key[0], entry, record.by, dump(replace(record, by=""))]
            for key, entry, record in ledger.decisions
        ],
        "leases": [
            [agent, step, lease.tokens_in, lease.tokens_out, lease.cost_usd]
            for (agent, step), lease in ledger.open_leases.items()
        ],
        "last_steps": ledger.last_steps,
        "spent": [
            spent.evaluations,
            spent.attempts,
            spent.tokens,
            spent.cost_usd,
            spent.seconds,
        ],
        "heads": {writer: head.hex() for writer, head in state.journals.heads.items()},
        "lengths": state.journals.lengths,
        "newer": {writer: entry.hex() for writer, entry in state.journals.newer.items()},
        "seen": state.seen,
        "foreign": [name.hex() for name in state.foreign],
        "problems": state.problems,
    }


def _cut(body: memoryview, layout: list[list[Any]]) -> dict[str, memoryview]:
    blocks: dict[str, memoryview] = {}
    at = 0
    for name, size in layout:
        blocks[name] = body[at : at + size]
        at += size
    return blocks


def _fill(state: State, meta: dict[str, Any], blocks: dict[str, memoryview]) -> None:
    state.individuals.ids = Ids(bytes(blocks["ids"]))
    state.genomes.ids = Ids(bytes(blocks["trees"]))
    state.individuals.subject_text = bytearray(blocks["subjects"])
    state.individuals.names = Names(meta["names"])
    for prefix, table in _tables(state):
        for name, code in table.COLUMNS:
            column: array[Any] = array(code)
            column.frombytes(blocks[f"{prefix}.{name}"])
            setattr(table, name, column)
    _fill_ledger(state.ledger, meta, blocks)
    heads = {writer: bytes.fromhex(head) for writer, head in meta["heads"].items()}
    state.journals.restore(heads, meta["lengths"], bytes(blocks["journals"]))
    newer: dict[str, str] = meta["newer"]
    state.journals.newer = {writer: bytes.fromhex(entry) for writer, entry in newer.items()}
    state.seen = meta["seen"]
    state.foreign = {bytes.fromhex(name) for name in meta["foreign"]}
    state.problems = meta["problems"]


def _fill_ledger(ledger: Ledger, meta: dict[str, Any], blocks: dict[str, memoryview]) -> None:
    ledger.entries = bytearray(blocks["entries"])
    ledger.attempt_entries = bytearray(blocks["attempts"])
    ledger.attempt_offspring = bytearray(blocks["offspring"])
    ledger.names = Names(meta["ledger_names"])
    for time, entry, by, text in meta["decisions"]:
        record = load(text)
        if isinstance(record, Decision):
            key = (float(time), 0, bytes.fromhex(entry))
            ledger.decisions.append((key, CommitId(entry), replace(record, by=str(by))))
    ledger.open_leases = {
        (agent, step): Spend(tokens_in, tokens_out, cost)
        for agent, step, tokens_in, tokens_out, cost in meta["leases"]
    }
    ledger.last_steps = meta["last_steps"]
    ledger.spent = Spent(*meta["spent"])
