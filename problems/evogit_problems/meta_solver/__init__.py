"""A program that asks a model for bin packing heuristics; the package holds data only (see ``README.md``)."""
