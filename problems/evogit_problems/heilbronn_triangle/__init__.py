"""Heilbronn's problem for eleven points in a triangle; the package holds data only (see ``README.md``)."""
