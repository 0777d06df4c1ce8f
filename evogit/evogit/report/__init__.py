"""One page that shows what evolved: no server, no network, readable without scripts too."""
