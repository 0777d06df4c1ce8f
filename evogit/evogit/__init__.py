"""EvoGit: a decentralized, git-native swarm of coding agents.

The kernel, by the question each package answers:

- ``git``: how is git read and written safely? (objects, refs, trees, merges, the git program)
- ``swarm``: what does a swarm repository hold? (individuals, journals, spec, identities)
- ``phylogeny``: what has evolved so far? (the disposable index over commits and journals)
- ``sandbox``: how does hostile code run? (bubblewrap, container, process; the warm fork server)
- ``judge``: what is an individual worth? (run, score, gates, cache, workspaces)
- ``strategies`` and ``evolve``: who has offspring next, and the loop that makes it so
- ``steering``: what did a human decide? (promote, prune, pin, goal, feedback, undo)
- ``sync``: how do hosts exchange a swarm through any git remote?
- ``config``: what does ``evogit.toml`` say, and who trusted it?
- ``cli``: the command line that composes all of it
"""

__version__ = "0.1.0"
