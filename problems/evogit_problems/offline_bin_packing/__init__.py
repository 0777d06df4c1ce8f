"""Offline bin packing; the package holds data only (see ``README.md``)."""
