"""A product page built from an outline; the package holds data only (see ``README.md``)."""
