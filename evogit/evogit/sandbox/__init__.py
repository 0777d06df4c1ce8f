"""How does hostile code run?

- ``base``: the contract. A ``Sandbox`` starts a ``Job`` and gives a ``Running``; its ``Completed``
  says how it ended, which limit ended it, and what it used, measured from outside.
- ``choose``: which sandbox to use; fails closed.
- ``bubblewrap`` (with ``profile``, ``namespace``, ``private``, ``interpreter``): the default.
- ``container``: any engine with Docker's API. Stronger (a hard memory limit), slower to start.
- ``process`` (with ``strays``): limits without protection, for trusted candidates.
- ``seccomp`` and ``limits``: the system call filter and the resource limits.
- ``spawn``, ``supervise``, ``tree``: starting a child, holding its limits, measuring its processes.

In every sandbox the variables ``EVOGIT_CANDIDATE`` and ``EVOGIT_EVAL`` name the places where the
mounts ``/candidate`` and ``/eval`` are seen, for scripts that must also run without a namespace.
"""
