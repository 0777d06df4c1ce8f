"""Multiplying a 2x4 by a 4x5 matrix with few products; the package holds data only (see ``README.md``)."""
