"""How does hostile code run?

- ``base``: the contract. A ``Sandbox`` starts a ``Job`` and gives a ``Running``; its ``Completed``
  says how it ended, which limit ended it, and what it used, measured from outside.
- ``choose``: which sandbox to use; fails closed.
- ``bubblewrap`` (with ``profile``, ``namespace``, ``private``, ``interpreter``): the default.
- ``container``: any engine with Docker's API; stronger (a hard memory limit). ``engine`` finds it,
  ``image`` finds or builds what containers start from, ``container_setup`` says what they may do,
  ``waiting`` and ``ahead`` have them ready, ``contained`` runs the one job of each (``relay``,
  ``container_meter``, ``cgroup``).
- ``trial`` (with ``attacks``): what a sandbox stops on this machine, found out by attacking it.
- ``process`` (with ``strays``): limits without protection, for trusted candidates.
- ``seccomp`` and ``limits``: the system call filter and the resource limits.
- ``spawn``, ``supervise``, ``tree``: starting a child, holding its limits, measuring its processes.

In every sandbox the variables ``EVOGIT_CANDIDATE`` and ``EVOGIT_EVAL`` name the places where the
mounts ``/candidate`` and ``/eval`` are seen, for scripts that must also run without a namespace.
"""
