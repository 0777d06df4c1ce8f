"""The loop that makes evolution happen.

- ``worker``: one process hosting agents, the only writer of its journal
- ``loop``: one agent's life: plan, propose, record, evaluate, record, accept
- ``streak``: how its newest steps ended
- ``offspring``: from a step to an individual, checked
- ``merging``: the kernel's own operator, a three-way merge of two parents
- ``acceptance``: what becomes of an agent's individuals: judged, then accepted or not
- ``docket``: what an agent made and nobody has judged yet
- ``unfinished``: the same, as the journals know it
- ``evaluating``: cache, claims and the judge
- ``allowance``, ``budget``, ``purse``: nothing spends without a limit: an invocation's, the swarm's, and an agent's step
- ``calibration``: the base against itself
- ``separation``: what follows for the best individual
- ``events``: what a display or a log is told
- ``assembly``: a worker put together from a swarm repository
- ``directions``: what humans decided, as a running worker needs it
- ``current_spec``: the goal as it is now
- ``once``: single acts outside of a run: judge one, merge two
"""
