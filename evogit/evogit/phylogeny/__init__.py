"""The phylogeny: everything that evolved, as a disposable view of the repository.

- ``index``: ``Phylogeny``, what the rest of the system asks
- ``individuals``, ``ledger``: compact columns of commits and of journal records
- ``arrivals``, ``reading``, ``messages``: commits streamed from git, and what their messages say
- ``quick``: the usual journal records at twice the speed
- ``journals``: which commits are entries of which journal, and which journals are refused
- ``ancestry``: merge bases, ancestors and children over the columns
- ``judgements``: how trees were judged
- ``decisions``, ``tags``: undo and redo, prune and restore; which individuals have names
- ``activity``, ``tail``: what agents did and cost, and the newest journal records as one sequence
- ``cache``: the file that makes opening a big swarm quick
- ``export``: networkx, JSON lines, CSV, GraphML
"""
