"""Sorting networks for twelve inputs; the package holds data only (see ``README.md``)."""
