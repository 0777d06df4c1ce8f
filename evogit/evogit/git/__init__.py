"""How git is read and written safely.

- ``program``: the one hardened function that starts the git program
- ``repository``: objects of one bare repository (blobs, trees, commits) through libgit2
- ``refs``: refs with compare-and-swap, stale locks, durability
- ``objects``, ``build``: new objects, written without libgit2
- ``trees``: bounded, validated trees: listing, changing, hashing a folder, delta export
- ``merge``, ``merge_text``: three-way merges from one chosen base, in memory
- ``merge_resolve``: ways to decide conflicting hunks
"""
