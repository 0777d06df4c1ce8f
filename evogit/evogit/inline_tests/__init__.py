"""Tests that stand inside source files: what they are, and that offspring leave them alone.

A test file is protected by its name; these share a file with the code that evolves. In Rust they are
items below ``#[cfg(test)]``, ``#[test]`` and the like, and examples in doc comments; in Python the
docstrings with examples (``>>>``). ``kept`` says what holds for them, ``check`` holds a tree to it.
"""
