"""Tries to pass by ending well without an answer.

Expected: Crashed or Scored 0
"""

raise SystemExit(0)
