"""Edits of Python that mean the same, most of the time, and run faster; tests tell whether they do.

``invariants`` computes before a loop what does not change in it, ``looping`` walks sequences directly,
``extremes`` compares instead of calling ``min`` and ``max``, ``leaving`` ends loops early.
"""
