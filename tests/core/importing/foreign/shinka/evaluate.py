"""Judges the series, as ShinkaEvolve documents it."""

import argparse
import math

from shinka.core import run_shinka_eval


def terms(index):
    return {"terms": 10 * (index + 1)}


def valid(result):
    return (True, None) if isinstance(result, float) and math.isfinite(result) else (False, "no number")


def aggregate(results):
    error = max(abs(r - math.pi) for r in results)
    return {"combined_score": -error, "public": {"worst": error}, "private": {}, "extra_data": results}


def main(program_path, results_dir):
    metrics, correct, error = run_shinka_eval(
        program_path=program_path,
        results_dir=results_dir,
        experiment_fn_name="run_experiment",
        num_runs=3,
        get_experiment_kwargs=terms,
        validate_fn=valid,
        aggregate_metrics_fn=aggregate,
    )
    print(metrics, correct, error)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path", default="initial.py")
    parser.add_argument("--results_dir", default="results")
    given = parser.parse_args()
    main(given.program_path, given.results_dir)
