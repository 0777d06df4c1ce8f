"""How hosts exchange a swarm through any git remote.

- ``remote``: one exchange, fetch and push
- ``background``: exchanges beside a running worker
- ``clone``: joining a swarm from its remote
"""
