"""Online bin packing: evolve the rule that chooses a bin for each item as it arrives.

The package holds data only: ``problem.toml`` and the first individual in ``seed/``. The evaluator's two
scripts lie in the package's ``evaluator/`` (``README.md`` says what is measured).
"""
