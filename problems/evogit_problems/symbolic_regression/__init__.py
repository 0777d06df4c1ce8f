"""Symbolic regression of Friedman's first function; the package holds data only (see ``README.md``)."""
