"""How hosts exchange a swarm through any git remote.

- ``remote``: one exchange, fetch and push
- ``specs``: one spec out of two that hosts changed
- ``background``: exchanges beside a running worker
- ``clone``: joining a swarm from its remote
"""
