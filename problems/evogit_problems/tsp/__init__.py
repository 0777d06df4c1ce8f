"""A heuristic for the Euclidean travelling salesman; the package holds data only (see ``README.md``)."""
