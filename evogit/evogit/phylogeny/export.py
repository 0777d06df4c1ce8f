"""The phylogeny as a graph for networkx, and as files for other programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final, TextIO

from evogit.phylogeny.history import History
from evogit.phylogeny.order import by_age

if TYPE_CHECKING:
    import networkx

    from evogit.phylogeny.index import Phylogeny

FIELDS: Final = (
    "commit",
    "tree",
    "parents",
    "agent",
    "operator",
    "step",
    "time",
    "generation",
    "score",
    "pruned",
    "subject",
    "status",
    *(field.name for field in fields(History)),
)


def rows(phylogeny: Phylogeny) -> Iterator[dict[str, Any]]:
    """Every individual as plain data, ``by_age``.

    Parents are commit ids, a missing score is ``None``.
    """
    histories = phylogeny.histories()
    for i in by_age(phylogeny):
        yield {
            "commit": phylogeny.commit(i),
            "tree": phylogeny.tree(i),
            "parents": [phylogeny.commit(parent) for parent in phylogeny.parents(i)],
            "agent": phylogeny.agent(i),
            "operator": phylogeny.operator(i),
            "step": phylogeny.step(i),
            "time": phylogeny.time(i),
            "generation": phylogeny.generation(i),
            "score": phylogeny.score(i),
            "pruned": phylogeny.pruned(i),
            "subject": phylogeny.subject(i),
            "status": phylogeny.standing(i),
            **asdict(histories[i]),
        }


def to_networkx(phylogeny: Phylogeny) -> networkx.DiGraph[str]:
    """A directed graph from parent to child, keyed by commit id.

    Nodes carry the other ``FIELDS`` (no ``score`` where there is none); an edge's ``order`` is 0
    for the first parent. The graph's ``direction`` says which scores are better.
    """
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph(direction=phylogeny.direction)
    for row in rows(phylogeny):
        commit, parents = row.pop("commit"), row.pop("parents")
        graph.add_node(commit, **{key: value for key, value in row.items() if value is not None})
        for order, parent in enumerate(parents):
            graph.add_edge(parent, commit, order=order)
    return graph


def write_json(phylogeny: Phylogeny, file: TextIO) -> None:
    """One JSON object per line and individual, parents before children."""
    file.writelines(
        json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows(phylogeny)
    )


def write_csv(phylogeny: Phylogeny, file: TextIO) -> None:
    """A header and one line per individual; parents are separated by spaces.

    Text that a spreadsheet would run as a formula is written with a leading apostrophe.
    """
    writer: csv.DictWriter[str] = csv.DictWriter(file, FIELDS, lineterminator="\n")
    writer.writeheader()
    for row in rows(phylogeny):
        row["parents"] = " ".join(row["parents"])
        for key in ("agent", "operator", "subject"):
            if row[key].startswith(("=", "+", "-", "@", "\t")):
                row[key] = "'" + row[key]
        writer.writerow(row)


def write_graphml(phylogeny: Phylogeny, file: TextIO) -> None:
    """GraphML, as networkx writes it."""
    import networkx

    file.writelines(line + "\n" for line in networkx.generate_graphml(to_networkx(phylogeny)))
