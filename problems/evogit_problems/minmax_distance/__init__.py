"""Sixteen points in the plane with distances as equal as possible; the package holds data only (see ``README.md``)."""
