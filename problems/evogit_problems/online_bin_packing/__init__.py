"""Online bin packing: evolve the rule that chooses a bin for each item as it arrives.

The package holds data only: ``problem.toml``, the first individual in ``seed/``, and the two
scripts of the evaluator, which run in separate processes (``README.md`` says what is measured).
"""
