"""Modal screens: help, questions, and everything a decision needs to be told."""
