"""Library problems; each subpackage is one (see the README of each)."""
