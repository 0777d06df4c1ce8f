"""Strategies against each other at equal budget, with a verdict only where there is evidence."""
