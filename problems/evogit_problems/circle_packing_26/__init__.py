"""Packing 26 circles into the unit square; the package holds data only (see ``README.md``)."""
