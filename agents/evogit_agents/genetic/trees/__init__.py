"""Edits of files that a tree-sitter grammar parses.

``grammar`` knows the languages, ``source`` parses and lists what can change, ``ground`` is what an
operator works on; ``expressions``, ``statements`` and ``loops`` are the operators, ``editor`` combines
them, ``constants`` finds what can be tuned.
"""
