"""``python -m evogit.cli``: the command line without an installed script."""

from __future__ import annotations

from evogit.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
