"""The kissing number in eleven dimensions; the package holds data only (see ``README.md``)."""
