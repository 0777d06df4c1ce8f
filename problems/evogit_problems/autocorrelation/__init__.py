"""The first autocorrelation inequality; the package holds data only (see ``README.md``)."""
