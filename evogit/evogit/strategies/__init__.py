"""Strategies: who has offspring next, and which offspring an agent's branch moves to.

Each is a small class found through the entry points ``evogit.strategies`` and follows
``proposals.Strategy``: no state of its own, options as keyword arguments.
"""
