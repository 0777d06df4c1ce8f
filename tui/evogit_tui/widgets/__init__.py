"""Widgets that know what an individual is."""
