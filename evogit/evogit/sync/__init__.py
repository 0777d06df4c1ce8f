"""How hosts exchange a swarm through any git remote.

- ``exchange``: one exchange, fetch and push
- ``remote``: with whom, and how long git may take
- ``turn``: one exchange of a clone at a time
- ``specs``: one spec out of two that hosts changed
- ``background``: exchanges beside a running worker
- ``clone``: joining a swarm from its remote
"""
