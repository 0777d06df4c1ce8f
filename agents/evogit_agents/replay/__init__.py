"""Runs attempts of a recorded swarm again, without a model, and compares what comes out.

``rewind`` shows a swarm as it was at an earlier moment, ``again`` carries one attempt out again,
``command`` is ``evogit replay``.
"""
