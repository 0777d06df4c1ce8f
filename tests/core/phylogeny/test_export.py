"""The phylogeny for other programs."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import networkx
import pytest

from evogit.ids import HEADS
from evogit.phylogeny.export import to_networkx, write_csv, write_graphml, write_json
from evogit.phylogeny.index import Phylogeny


@pytest.fixture
def phylogeny(swarm: Any) -> Phylogeny:
    one, other = swarm.individual("a1"), swarm.individual("a2")
    swarm.individual("a1", [one, other])
    swarm.set(HEADS + "formula", swarm.commit([one], message="=cmd()|' /C calc'!A0"))
    swarm.journal("w1", swarm.evaluation(one, 0.5))
    return swarm.phylogeny()


def test_networkx_has_every_individual_and_edge(phylogeny: Phylogeny) -> None:
    graph = to_networkx(phylogeny)
    assert networkx.is_directed_acyclic_graph(graph)
    assert len(graph) == len(phylogeny) == 5
    assert graph.number_of_edges() == 5
    assert graph.nodes[phylogeny.commit(1)]["score"] == 0.5
    assert "score" not in graph.nodes[phylogeny.commit(0)]


def test_json_lines_and_csv_hold_the_same(phylogeny: Phylogeny) -> None:
    lines, table = io.StringIO(), io.StringIO()
    write_json(phylogeny, lines)
    write_csv(phylogeny, table)
    parsed = [json.loads(line) for line in lines.getvalue().splitlines()]
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    assert [row["commit"] for row in parsed] == [row["commit"] for row in rows]
    assert [" ".join(row["parents"]) for row in parsed] == [row["parents"] for row in rows]
    assert [row["score"] for row in rows].count("") == 4
    assert not any(row["subject"].startswith("=") for row in rows)


def test_graphml_can_be_read_back(phylogeny: Phylogeny) -> None:
    file = io.StringIO()
    write_graphml(phylogeny, file)
    graph = networkx.parse_graphml(file.getvalue())
    assert set(graph) == {phylogeny.commit(i) for i in range(len(phylogeny))}
