"""What is an individual worth?

- ``judge``: one evaluation from tree to outcome: gates, then stages, cheap first
- ``stages``: one stage: the candidate runs in a sandbox, a scorer judges what it said
- ``gates``: all gates, compared with what the base does
- ``harness``: tests that share a process with the candidate, watched by a trusted parent
- ``speed``: the built-in scorer of time, interleaved with the base
- ``answer``: reading a scorer's answer strictly
- ``workspace``: pooled folders updated by the difference of two trees
- ``layout``: the pinned evaluator on disk, out of every candidate's reach
- ``calibration``: the base against itself, the noise floor of every claim
"""
