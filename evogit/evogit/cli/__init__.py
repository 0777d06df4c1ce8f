"""The command line: composes the parts of the kernel, and is the only part that talks to people.

- ``main``: entry point; maps every error to an exit code and one ``error:`` / ``hint:`` pair
- ``registry``: commands by entry point (group ``evogit.commands``), imported only when they run
- ``common``: the options every command has, and how a plain function becomes a command
- ``session``: what a command works with: repository, swarm, index, person, folders, clock
- ``output``: data on stdout (tables or JSON), everything else on stderr, colour, questions
- ``select``: names for individuals, such as ``best``, ``a3~2`` or a short id
- ``individuals``, ``graph``, ``patch``: how individuals, the DAG and differences are shown
- everything else: commands

A command is a function whose first parameter is a ``Session``; the others are Typer parameters.
A package adds one with an entry point ``name = "module:function"`` (or ``module:app`` for a
``typer.Typer`` with subcommands); EvoGit's own commands come the same way.

Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 not found, 4 precondition or conflict,
5 a limit was reached, 6 evaluator, sandbox or agent unusable, 7 nothing to do, 130 interrupted.
"""
