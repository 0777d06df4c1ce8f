"""Make edit distance faster; the package holds data only (see ``README.md``)."""
