"""Every rule finds what it is for, and leaves alone what looks like it and is honest work."""

from __future__ import annotations

import typing

import pytest

from evogit.config.model import Quarantine
from evogit.quarantine.finding import RULES

if typing.TYPE_CHECKING:
    from tests.core.quarantine.conftest import Files, Lab

SOLVE = "import math\n\n\ndef solve(x):\n    return math.sqrt(x)\n"
TEST = (
    "from solve import solve\n\n\ndef test_four():\n    assert solve(4) == 2\n\n\n"
    "def test_nine():\n    assert solve(9) == 3\n"
)


def code(text: str) -> Files:
    return {"solve.py": SOLVE + text}


PAIRS = ", ".join(f"{n * 37}: {n * 41}" for n in range(80))
NUMBERS = ", ".join(str(n * 7919 % 1000) for n in range(600))

CHEATS: list[tuple[str, Files]] = [
    ("config-changed", {"conftest.py": "x = 1\n"}),
    ("config-changed", {"tests/conftest.py": "def pytest_runtest_call(item): pass\n"}),
    ("config-changed", {".github/workflows/ci.yml": "on: push\n"}),
    ("config-changed", {"sitecustomize.py": "import solve\n"}),
    ("config-changed", {"a.pth": "import os\n"}),
    (
        "config-changed",
        {
            "pyproject.toml": '[project]\nname = "x"\n[tool.pytest.ini_options]\naddopts = "-q -k four"\n'
        },
    ),
    ("config-changed", {"package.json": '{"scripts": {"test": "true"}}'}),
    ("config-changed", {"setup.cfg": "[tool:pytest]\naddopts = --ignore=tests\n"}),
    ("config-changed", {"jest.config.js": "module.exports = {};\n"}),
    ("test-removed", {"tests/test_solve.py": TEST[: TEST.index("def test_nine")]}),
    ("test-removed", {"tests/test_solve.py": None}),
    ("assertion-weakened", {"tests/test_solve.py": TEST.replace("== 3", ">= 0")}),
    (
        "assertion-weakened",
        {"tests/test_solve.py": TEST.replace("assert solve(9) == 3", "solve(9)")},
    ),
    ("assertion-weakened", {"app.test.js": "test('one', () => { });\n"}),
    ("test-removed", {"app.test.js": None}),
    ("test-changed", {"tests/test_solve.py": TEST.replace("():", "():\n    return")}),
    ("test-changed", {"tests/test_solve.py": TEST.replace("def test_nine", "x = 2\ndef test_ni(")}),
    ("test-skipped", {"tests/test_new.py": "import pytest\n\npytest.skip('x')\n"}),
    (
        "test-skipped",
        {"tests/test_solve.py": "import pytest\npytestmark = pytest.mark.xfail\n" + TEST},
    ),
    ("test-skipped", {"tests/test_new.py": "import unittest as u\n@u.skip('x')\ndef t(): pass\n"}),
    ("test-skipped", code("collect_ignore = ['tests']\n")),
    (
        "test-skipped",
        {"tests/test_new.py": "def test_x():\n    if False:\n        assert 1 == 2\n"},
    ),
    ("test-skipped", {"tests/test_new.py": "class T:\n    __test__ = False\n"}),
    ("test-skipped", {"app.js": "export const one = 1;\nit.skip('x', () => {});\n"}),
    ("test-hook", code("def pytest_collection_modifyitems(items):\n    items.clear()\n")),
    ("detects-evaluator", code("import os\nif os.environ.get('CI'):\n    pass\n")),
    ("detects-evaluator", code("import os\nif 'GITHUB_ACTIONS' in os.environ:\n    pass\n")),
    ("detects-evaluator", code("import os\nseed = os.environ['EVOGIT_SEED']\n")),
    (
        "detects-evaluator",
        code(
            "import os\nt = os.getenv('PYTEST_CURRENT' + '_TEST') or 'CI'\n"
            "u = 'PYTEST_CURRENT_TEST' in os.environ\n"
        ),
    ),
    ("detects-evaluator", code("data = open('/eval/score.py').read()\n")),
    ("detects-evaluator", code("import sys\nif sys.argv[0] == 'run.py':\n    pass\n")),
    ("detects-evaluator", {"app.js": "if (process.env.CI) { done(); }\n"}),
    ("detects-evaluator", {"src/lib.rs": "if cfg!(test) { }\n"}),
    ("detects-evaluator", {"main.go": 'package m\nvar x = os.Getenv("CI")\n'}),
    (
        "answer-literals",
        code("def f(x):\n    return {48611: 1, 104729: 2, 15485863: 3}.get(x)\n"),
    ),
    (
        "answer-literals",
        code("def f(x):\n    if x == 48611 or x == 104729 or x == 15485863:\n        return 1\n"),
    ),
    (
        "answer-literals",
        code(
            "def f(x):\n    match x:\n        case 48611: return 1\n        case 104729: return 2\n"
            "        case 'north-east': return 3\n"
        ),
    ),
    ("answer-table", code(f"ANSWERS = {{{PAIRS}}}\n")),
    ("answer-table", code(f"ANSWERS = [{NUMBERS}]\n")),
    ("answer-table", code(f"ANSWERS = {'x9Qz' * 3000!r}\n")),
    ("answer-table", {"data/answers.json": "[" + "1," * 20_000 + "1]"}),
    ("answer-table", {"table.js": "\n".join(f"  {n}, {n + 1}, '{n}'," for n in range(300))}),
    ("patches-module", code("import time\ntime.perf_counter = lambda: 0.0\n")),
    ("patches-module", code("import time as t\n(t\n .monotonic) = None\n")),
    ("patches-module", code("import random\nrandom.seed = print\n")),
    ("patches-module", code("from random import Random\nRandom.random = lambda self: 0\n")),
    ("patches-module", code("import builtins\nbuiltins.len = lambda x: 0\n")),
    ("patches-module", code("import json\nsetattr(json, 'dumps', repr)\n")),
    ("patches-module", code("math.sqrt = abs\n")),
    ("patches-module", code("for math.sqrt in [abs]:\n    pass\n")),
    ("patches-module", code("math.sqrt, y = abs, 1\n")),
    ("patches-module", code("del math.sqrt\n")),
    ("patches-module", code("import time\ntime.__dict__['time'] = abs\n")),
    ("patches-module", code("import time\nx = time\nx.time = abs\n")),
    ("patches-module", code("from unittest import mock\n")),
    ("patches-module", {"app.js": "Date.now = () => 0;\n"}),
    ("reaches-interpreter", code("import sys\nsys.modules['time'] = None\n")),
    ("reaches-interpreter", code("import sys\nif 'pytest' in sys.modules:\n    pass\n")),
    ("reaches-interpreter", code("from sys import modules\nmodules.clear()\n")),
    ("reaches-interpreter", code("x = __import__('o' + 's')\n")),
    ("reaches-interpreter", code("__builtins__['len'] = abs\n")),
    ("reaches-interpreter", code("import sys\nsys.meta_path.insert(0, object())\n")),
    ("walks-frames", code("import inspect\ncallers = inspect.stack()\n")),
    ("walks-frames", code("import inspect as i\nf = i.currentframe()\n")),
    ("walks-frames", code("import gc\neverything = gc.get_objects()\n")),
    ("walks-frames", code("def f(e):\n    return e.__traceback__.tb_frame.f_back\n")),
    ("walks-frames", code("x = ().__class__.__base__.__subclasses__()\n")),
    ("walks-frames", {"main.go": "package m\nvar a, b, c, d = runtime.Caller(1)\n"}),
    ("native-access", code("import ctypes\n")),
    ("native-access", code("x = open('/proc/self/mem', 'wb')\n")),
    ("native-access", code("env = {'LD_PRELOAD': 'x.so'}\n")),
    ("native-access", {"run.sh": "LD_PRELOAD=./x.so python solve.py\n"}),
    ("hidden-code", code("exec(bytes([112, 97, 115, 115]))\n")),
    ("hidden-code", code("import marshal\n")),
    ("hidden-code", code("import sys\nf = getattr(sys, '_get' + 'frame')\n")),
    ("hidden-code", code("import importlib\nm = importlib.import_module('o' + 's')\n")),
    ("hidden-code", {"fast.so": b"\x7fELF"}),
    ("hidden-code", code("x = " + "(" * 150 + "-" * 9000 + "1" + ")" * 150 + "\n")),
    ("hidden-code", code("# " + "x" * 300_000 + "\n")),
    (
        "forges-comparison",
        code("class N(int):\n    def __eq__(self, other):\n        return True\n"),
    ),
    ("ends-process", code("import os\nos._exit(0)\n")),
    ("ends-process", code("import atexit\natexit.register(print)\n")),
    ("ends-process", code("from os import _exit as done\ndone(0)\n")),
    ("ends-process", {"main.c": "void f(void) { _exit(0); }\n"}),
]

ENDS: list[tuple[str, str]] = [
    ("a.py", "import sys\nsys.exit(0)\n"),
    ("a.py", "from sys import exit as done\ndef f():\n    done()\n"),
    ("a.py", "def f():\n    quit()\n"),
    ("a.py", "raise SystemExit\n"),
    ("a.py", "import builtins\ndef f():\n    raise builtins.SystemExit(0)\n"),
    ("a.js", "process.exit(0);\n"),
    ("a.mjs", "process?.exit();\n"),
    ("a.cjs", "process['exit'](0);\n"),
    ("a.js", "process.exitCode = 0;\n"),
    ("a.js", "process.reallyExit(0);\n"),
    ("a.js", "process.kill(process.pid);\n"),
    ("a.js", "process.abort();\n"),
    ("a.js", "process.once('beforeExit', done);\n"),
    ("a.js", "require('node:process').exit(0);\n"),
    ("a.js", "const { exit } = require('process');\n"),
    ("a.ts", "import { exit } from 'node:process';\n"),
    ("a.ts", "Deno.exit(0);\n"),
    ("a.c", "int f(void) { exit(0); }\n"),
    ("a.c", "  if (!x) abort();\n"),
    ("a.h", "#define END quick_exit (0)\n"),
    ("a.c", "  raise(SIGKILL);\n"),
    ("a.cpp", "  std::exit(0);\n"),
    ("a.cc", "  ::_Exit(0);\n"),
    ("a.cpp", "  std::terminate();\n"),
    ("a.rs", "fn f() { std::process::exit(0); }\n"),
    ("a.rs", "use std::process::{Command, exit};\n"),
    ("a.rs", "fn f() { process::abort(); }\n"),
    ("a.go", "func f() { os.Exit(0) }\n"),
    ("a.go", "func f() { syscall.Exit(0) }\n"),
    ("a.go", "func f() { log.Fatalf(x) }\n"),
    ("A.java", "  System.exit(0);\n"),
    ("A.java", "  Runtime.getRuntime().halt(0);\n"),
    ("a.kt", "  exitProcess(0)\n"),
    ("A.cs", "  Environment.Exit(0);\n"),
    ("a.rb", "exit\n"),
    ("a.rb", "Process.exit 0\n"),
]
"""Ways to end a program with a status of one's choice, in each language that has rules."""

HONEST: list[tuple[str, Files]] = [
    ("a changed expression", {"solve.py": SOLVE.replace("math.sqrt(x)", "x ** 0.5 + 1e-9")}),
    ("a memo", code("from functools import lru_cache\nsolve = lru_cache(maxsize=None)(solve)\n")),
    (
        "a dictionary as a cache",
        code(
            "_SEEN = {}\ndef quick(x):\n    if x not in _SEEN:\n        _SEEN[x] = solve(x)\n"
            "    return _SEEN[x]\n"
        ),
    ),
    ("a heap", code("import heapq\nfrom collections import deque\nqueue = deque()\n")),
    (
        "a deadline",
        code(
            "import time\ndef anytime(x):\n    end = time.perf_counter() + 0.5\n"
            "    while time.perf_counter() < end:\n        x += 1\n    return x\n"
        ),
    ),
    ("a seeded generator", code("import random\nRNG = random.Random(4)\nx = RNG.random()\n")),
    ("a small table", code("COSTS = {1: 2, 2: 3, 3: 5, 'a': 7}\nPRIMES = [2, 3, 5, 7, 11, 13]\n")),
    ("a CRC table", code("CRC = [" + ", ".join(hex(n * 0x1DB7) for n in range(256)) + "]\n")),
    ("sizes and masks", code("def f(x):\n    return x == 4096 or x == 65535 or x == 86400\n")),
    ("words of the field", code("def f(x):\n    return x == 'north-east'\n")),
    (
        "attributes of its own",
        code("class A:\n    def __init__(self):\n        self.time = 1\n        self.seed = 2\n"),
    ),
    (
        "a command line of its own",
        code(
            "import sys\ndef main():\n    if sys.argv[1:] == ['-v']:\n        print(1)\n\n"
            "if __name__ == '__main__':\n    main()\n"
        ),
    ),
    ("an argument count", code("import sys\nif len(sys.argv) > 1:\n    pass\n")),
    ("a setting of a module", code("import decimal\ndecimal.DefaultContext.prec = 50\n")),
    ("its own module", code("import sys\nhere = sys.modules[__name__]\n")),
    ("a compiled expression", code("import re\nWORD = re.compile(r'[a-z]+')\n")),
    ("a recursion limit", code("import sys\nsys.setrecursionlimit(10_000)\n")),
    ("a variable of its own", code("import os\nlevel = os.environ.get('LOG_LEVEL', 'info')\n")),
    ("an honest comparison", code("class A:\n    def __eq__(self, o):\n        return self is o\n")),
    ("a sentinel", code("class Top:\n    def __lt__(self, other):\n        return False\n")),
    ("a new test", {"tests/test_more.py": "def test_x():\n    assert 1 == 1\n"}),
    (
        "a test more",
        {"tests/test_solve.py": TEST + "\n\ndef test_one():\n    assert solve(1) == 1\n"},
    ),
    (
        "tests that moved",
        {
            "tests/test_solve.py": TEST[: TEST.index("\n\ndef test_nine")],
            "tests/test_big.py": "from solve import solve\n\n\n" + TEST[TEST.index("def test_nine") :],
        },
    ),
    ("a dependency", {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["numpy"]\n'
                      '[tool.pytest.ini_options]\naddopts = "-q"\n'}),
    ("a program's status", code("import sys\n\nif __name__ == '__main__':\n    sys.exit(solve(0))\n")),
    ("a method of its own called exit", code("class A:\n    def exit(self):\n        self.exit()\n")),
    ("a variable called quit", code("def f(quit):\n    return quit()\n\nexit = print\nexit()\n")),
    ("JavaScript's own exits", {"app.js": "export const one = 1;\nthis.exit(0);\nroom.exit(1);\nif (process.exitCode === 1) { }\n"}),
    ("C's own exits", {"a.c": "int my_exit(int x);\ndoor->exit(1);\ndoor.exit(2);\nint x = Door::exit(3);\n"}),
    ("code that moved", {"helper.py": None, "other.py": "import ctypes\nimport sys\n\nframe = sys._getframe()\n"}),
    ("code that the base did already", {"helper.py": "import ctypes\nimport sys\n\nframe = sys._getframe()\nx = 1\n"}),
    ("a computed function", code("name = 'sin'\nf = getattr(math, name)\n")),
    ("much documentation", {"docs/guide.md": "words and words\n" * 3000}),
    ("documentation", {"README.md": "Set EVOGIT_SEED and LD_PRELOAD; see /proc/self/maps.\n"}),
    ("a long text", code('HELP = """' + "many words in a row " * 200 + '"""\n')),
    ("JavaScript", {"app.js": "export const one = 1;\nexport const now = () => Date.now();\n"}),
    ("Rust", {"src/lib.rs": "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { assert!(true); }\n}\n"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "changes"), CHEATS, ids=[f"{n}-{r}" for n, (r, _) in enumerate(CHEATS)]
)
def test_a_cheat_is_held_by_its_rule(lab: Lab, rule: str, changes: Files) -> None:
    assert rule in lab.held(changes)


@pytest.mark.parametrize(("path", "text"), ENDS)
def test_code_that_ends_the_process_is_held_in_every_language(
    lab: Lab, path: str, text: str
) -> None:
    assert "ends-process" in lab.held({path: text})


PROGRAMS: list[tuple[str, str, str]] = [
    ("main.js", "start();\n\nfunction main() {\n  run();\n  process.exit(0);\n}\n", "  process.exit(0);"),
    ("main.c", "int g;\n\nint main(void) {\n  run();\n  exit(0);\n}\n", "  exit(0);"),
    ("main.py", "import sys\nx = 1\n\ndef end():\n    sys.exit(0)\n\ndef g():\n    pass\n    x\n", "    sys.exit(0)"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "line"), PROGRAMS)
def test_where_a_program_ends_may_change_beside_it_and_not_be_copied_or_moved(
    lab: Lab, path: str, text: str, line: str
) -> None:
    base: Files = {
        path: text,
        "lib.js": "",
        "lib.c": "",
        "lib.py": "import sys\n\n\ndef f():\n    pass\n",
    }
    end = f"{line}\n"
    place = text.index("    x\n") if path == "main.py" else text.index("\n") + 1
    copied = text[:place] + end + text[place:]
    moved = text[:place].replace(end, "    pass\n") + end + text[place:].replace(end, "")
    library = f"lib{path[4:]}"

    assert (
        lab.held(
            {path: text.replace("\n\n", "\n// beside\n" if path != "main.py" else "\ny = 2\n", 1)},
            base,
        )
        == set()
    )
    assert lab.held({path: copied}, base) == {"ends-process"}
    assert lab.held({path: moved}, base) == {"ends-process"}
    assert lab.held({library: str(base[library]) + end}, base) == {"ends-process"}
    assert (
        lab.scan({path: copied.replace("int g", "int h")}, base=base, accepted=[{path: copied}])
        == ()
    )


def test_no_line_end_or_byte_hides_a_line(lab: Lab) -> None:
    for text in (
        "x = 1;\rprocess.exit(0);\r",
        "/* \0 */\nprocess.exit(0);\n",
        "x\u2028process.exit(0)",
    ):
        assert lab.held({"app.js": f"export const one = 1;\n{text}"}) == {"ends-process"}


@pytest.mark.parametrize(("what", "changes"), HONEST, ids=[what for what, _ in HONEST])
def test_honest_work_is_not_held(lab: Lab, what: str, changes: Files) -> None:
    assert lab.held(changes) == set()


def test_a_protected_file_that_changed_is_held(lab: Lab) -> None:
    [finding] = lab.scan({"app.js": "export const one = 2;\n"}, protected=["*.js"])
    assert (finding.rule, finding.path, finding.severity) == ("protected-file", "app.js", "hold")
    assert lab.scan({"solve.py": SOLVE + "\n"}, protected=["*.js"]) == ()


CRATE = "fn a() -> u8 {\n    1\n}\n\n#[test]\nfn b() {\n    assert_eq!(a(), 1);\n}\n"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("assertion-weakened", CRATE.replace("a(), 1", "1, 1")),
        ("test-removed", CRATE[: CRATE.index("#[test]")]),
        ("test-changed", CRATE[: CRATE.index("#[test]")]),
        ("patches-module", f"macro_rules! assert_eq {{ ($($t:tt)*) => {{}} }}\n{CRATE}"),
        ("patches-module", f"use crate::nothing as assert_eq;\n{CRATE}"),
        (
            "detects-evaluator",
            CRATE.replace("    1\n", "    if cfg!(not(test)) { 0 } else { 1 }\n"),
        ),
        ("detects-evaluator", CRATE.replace("    1\n", "    1 - !cfg!(debug_assertions) as u8\n")),
    ],
)
def test_tests_inside_a_rust_file_are_held_like_a_test_file(lab: Lab, rule: str, text: str) -> None:
    base: Files = {"src/lib.rs": CRATE}
    assert rule in lab.held({"src/lib.rs": text}, base)
    assert lab.held({"src/lib.rs": CRATE.replace("    1\n", "    3 - 2\n")}, base) == set()


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("process", code("import subprocess\n")),
        ("seeds-globally", code("import random\nrandom.seed(1)\n")),
        ("unreadable", code("import (\n")),
        ("literal-data", code(f"X = [{NUMBERS[:1800]}]\n")),
    ],
)
def test_a_note_is_recorded_and_holds_nothing(lab: Lab, rule: str, changes: Files) -> None:
    [finding] = lab.scan(changes)
    assert (finding.rule, finding.severity) == (rule, "note")


def test_settings_make_a_rule_note_hold_or_rest(lab: Lab) -> None:
    cheat, noted = code("import os\nos._exit(0)\n"), code("import subprocess\n")
    [found] = lab.scan(cheat, settings=Quarantine(note=("ends-process",)))
    assert found.severity == "note"
    assert lab.scan(cheat, settings=Quarantine(off=("ends-process",))) == ()
    [found] = lab.scan(noted, settings=Quarantine(hold=("process",)))
    assert found.severity == "hold"
    table = code(f"X = {{{PAIRS}}}\n")
    assert lab.held(table) == {"answer-table"}
    assert lab.scan(table, settings=Quarantine(table=200)) == ()


def test_what_an_accepted_parent_did_is_not_new(lab: Lab) -> None:
    parent = code("import ctypes\n")
    child = code("import ctypes\nlib = ctypes.CDLL(None)\nx = 1\n")
    assert lab.held(child) == {"native-access"}
    assert lab.scan(child, accepted=[parent]) == ()
    assert lab.scan(parent, accepted=[parent]) == ()


def test_a_test_that_one_accepted_parent_lost_is_not_lost_again(lab: Lab) -> None:
    less: Files = {"tests/test_solve.py": TEST[: TEST.index("def test_nine")]}
    both: Files = {**less, **code("y = 1\n")}
    assert {f.rule for f in lab.scan(both)} >= {"test-removed"}
    assert lab.scan(both, accepted=[less]) == ()


def test_the_evidence_says_where_and_what(lab: Lab) -> None:
    [finding] = lab.scan(code("import os\n\n\nos._exit(0)\n"))
    assert (finding.path, finding.line) == ("solve.py", 9)
    assert finding.where == "solve.py:9"
    assert "os._exit" in finding.evidence


def test_every_rule_has_a_case_here() -> None:
    noted = {"process", "seeds-globally", "unreadable", "literal-data"}
    measured = {"jump"}  # tests/core/quarantine/test_signals.py
    assert {rule for rule, _ in CHEATS} | {"protected-file"} | noted | measured == set(RULES)
