"""What evaluators import from openevolve, and nothing else of it."""

from openevolve.evaluation_result import EvaluationResult

__all__ = ["EvaluationResult"]
