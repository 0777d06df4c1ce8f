"""Erdős's minimum overlap problem; the package holds data only (see ``README.md``)."""
