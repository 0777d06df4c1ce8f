"""Constants of a file tuned together.

``cma`` searches, ``constants`` reads and writes them, ``history`` finds what was tried, ``tune`` makes
an offspring of it.
"""
