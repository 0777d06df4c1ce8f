"""The phylogeny for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import fields
from typing import Any

import networkx
import pytest

from evogit.analysis.figures import operator_credit
from evogit.ids import HEADS
from evogit.outcome import Failed
from evogit.phylogeny.export import FIELDS, to_networkx, write_csv, write_graphml, write_json
from evogit.phylogeny.history import History
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Spend

HISTORY = [field.name for field in fields(History)]


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


def exported(phylogeny: Phylogeny) -> list[dict[str, Any]]:
    lines = io.StringIO()
    write_json(phylogeny, lines)
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_best_so_far_and_records_of_operators_can_be_computed_from_an_export(swarm: Any) -> None:
    made = [swarm.base]
    swarm.journal("w1", swarm.evaluation(swarm.base, 1.0))
    for i, score in enumerate((0.5, 3.0, Failed("tests", "no"), 2.0, 4.0)):
        made.append(swarm.individual(f"a{i}", [made[-1]]))
        swarm.journal("w1", swarm.evaluation(made[-1], score))
    phylogeny = swarm.phylogeny()
    rows = exported(phylogeny)
    judged = sorted((row for row in rows if row["score"] is not None), key=lambda r: r["place"])
    best, records = float("-inf"), list[dict[str, Any]]()
    for row in judged:
        if row["score"] > best:
            best = row["score"]
            records.append(row)
    assert [(row["place"], row["first_score"]) for row in records] == phylogeny.best_so_far()
    by_operator = Counter(row["operator"] for row in records if row["parents"])
    told = {credit.operator: credit.records for credit in operator_credit(phylogeny)}
    assert by_operator == told == {"mutate": 2}
    assert [row["status"] for row in rows] == ["scored"] * 3 + ["failed"] + ["scored"] * 2


def test_what_judging_and_making_took_is_exported(swarm: Any) -> None:
    one, other = swarm.individual("a1"), swarm.individual("a2")
    swarm.journal(
        "w1",
        Attempt(
            "a1", "mutate", 1, (swarm.base,), offspring=one, seconds=2.0, spend=Spend(5, 7, 1.5)
        ),
        swarm.evaluation(one, 1.0, time=5.0),
        swarm.evaluation(one, 3.0, seed=1, purpose="repeat"),
        swarm.evaluation(one, 7.0, purpose="holdout"),
        swarm.evaluation(one, 9.0, seed=1, purpose="holdout-repeat"),
    )
    found = {row["commit"]: row for row in exported(swarm.phylogeny())}
    assert {key: found[one][key] for key in (*HISTORY, "status", "score")} == {
        "place": 0,
        "judged": 5.0,
        "first_score": 1.0,
        "repeats": 1,
        "holdout": 8.0,
        "seconds": 2.0,
        "tokens": 12,
        "cost_usd": 1.5,
        "status": "scored",
        "score": 2.0,
    }
    assert (found[other]["status"], found[other]["place"]) == ("pending", None)


def test_older_fields_keep_their_names_and_order() -> None:
    assert FIELDS[:11] == (
        *("commit", "tree", "parents", "agent", "operator", "step", "time", "generation"),
        *("score", "pruned", "subject"),
    )


@pytest.mark.parametrize("maximize", [True, False])
def test_a_graph_says_which_scores_are_better(swarm: Any, maximize: bool) -> None:
    file = io.StringIO()
    write_graphml(swarm.phylogeny(maximize=maximize), file)
    graph = networkx.parse_graphml(file.getvalue())
    assert graph.graph["direction"] == ("maximize" if maximize else "minimize")
