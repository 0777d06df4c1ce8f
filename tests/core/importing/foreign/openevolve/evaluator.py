"""Judges the search, in two stages, as openevolve documents it."""

import importlib.util

from heights import LOWEST, height
from openevolve.evaluation_result import EvaluationResult


def load(program_path):
    spec = importlib.util.spec_from_file_location("program", program_path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def evaluate_stage1(program_path):
    print("this is no result")
    program = load(program_path)
    return {"combined_score": 1.0 if len(program.run_search()) == 3 else 0.0, "runs": 1.0}


def evaluate_stage2(program_path):
    return evaluate(program_path)


def evaluate(program_path):
    x, y, _ = load(program_path).run_search()
    value = 1 / (1 + abs(height(x, y) - LOWEST))
    return EvaluationResult(metrics={"combined_score": value, "x": x, "y": y}, artifacts={"where": str((x, y))})
