"""The terminal UI, built on the same functions as the command line."""
