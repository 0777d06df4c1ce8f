"""How hosts exchange a swarm through any git remote: ``remote`` publishes and fetches, ``clone`` joins."""
