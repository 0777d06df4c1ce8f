"""Problems made for other systems: recognised, and turned into ours. Nothing of theirs is executed here.

``foreign`` recognises a folder, ``wishes`` reads what its settings ask for, ``modules`` what it
needs installed, ``layout`` makes the files of our folder. ``inside`` holds what those files run in
the sandbox; ``scaffold`` makes a problem of one's own.
"""
