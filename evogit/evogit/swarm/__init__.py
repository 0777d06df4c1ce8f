"""What a swarm repository holds.

- ``repository``: creating and opening it; where everything lies
- ``individuals``: commits with unforgeable provenance
- ``journal``: append-only chains of records, durable before they are acknowledged
- ``identity``: who a worker or a person is, and which locks are theirs to heal
- ``spec``: goal, evaluator, gates and protected files, one commit per version
- ``spec_join``: one spec out of two that were changed at the same time
- ``claims``: exactly one worker does a job
- ``recovery``: after a power cut, what was never durable is removed
- ``maintenance``: packing by explicit ids, on our repository only
"""
