"""Rules for languages other than Python: expressions looked for in the lines that were added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from evogit.quarantine.signal import Signal

_Rules = tuple[tuple[str, re.Pattern[str]], ...]
_MAX_LINE: Final = 2000
"""Only so much of a line is matched: expressions here take linear time, lines may be a megabyte."""


def _rules(**expressions: str) -> _Rules:
    return tuple((name.replace("_", "-"), re.compile(text)) for name, text in expressions.items())


_CI: Final = r"(?:CI|GITHUB_ACTIONS|GITLAB_CI|TRAVIS|BUILDKITE)"
_ANY: Final = _rules(
    detects_evaluator=r"\bEVOGIT_[A-Z]|\bPYTEST_(?:CURRENT_TEST|VERSION|XDIST_)|[\"'/]/?eval/",
    native_access=r"\bLD_PRELOAD\b|\bLD_AUDIT\b|/proc/(?:self|\d+|thread-self)/|\bptrace\s*\(",
)
_JAVASCRIPT: Final = _rules(
    test_skipped=r"\b(?:it|test|describe|suite|context)\.(?:skip|only|todo|skipIf|failing)\b"
    r"|\bx(?:it|test|describe)\s*\(",
    detects_evaluator=rf"process\.env\.(?:{_CI}|JEST_WORKER_ID|VITEST)\b|NODE_ENV\s*={{2,3}}\s*[\"']test",
    patches_module=r"\b(?:Date|performance|Math|process|JSON|console|Number|Object)\.\w+\s*=[^=]"
    r"|\b(?:Date|Array|Object|Function|Promise|String|Number)\.prototype\.\w+\s*=[^=]"
    r"|\bglobalThis\.\w+\s*=[^=]",
    reaches_interpreter=r"\brequire\.cache\b|\bModule\._\w+|\bprocess\.binding\b|--loader\b",
    walks_frames=r"\bError\.(?:captureStackTrace|prepareStackTrace)\b|\barguments\.callee\b",
    ends_process=r"\bprocess\s*(?:\?\.|\.|\[\s*[\"'`])\s*(?:reallyExit|exit|abort|kill)\b"
    r"|\bprocess\.exitCode\s*=[^=]|\bprocess\.(?:on|once)\(\s*[\"'](?:before)?[eE]xit"
    r"|\b(?:Deno|Bun)\.(?:exit|kill)\b|\{[^{}]*\b(?:exit|abort|kill|reallyExit)\b[^{}]*\}\s*"
    r"(?:=|from)\s*(?:require\()?[\"']?(?:node:)?process\b"
    r"|[\"'](?:node:)?process[\"']\s*\)\s*\.\s*(?:exit|abort|kill|reallyExit)\b",
    hidden_code=r"\beval\s*\(|\bnew\s+Function\s*\(|\bvm\.run",
)
_GO: Final = _rules(
    test_skipped=r"\b[tbf]\.Skip(?:Now|f)?\(|^\s*//\s*\+build\s+ignore|^//go:build\s+ignore",
    detects_evaluator=rf"os\.(?:Getenv|LookupEnv)\(\"{_CI}\"|\btesting\.Testing\(\)|test\.v\b",
    native_access=r"^\s*import\s+\"C\"|//go:linkname|\bsyscall\.(?:Ptrace|Mprotect)",
    walks_frames=r"\bruntime\.Callers?(?:Frames)?\(",
    ends_process=r"\b(?:os\.Exit|syscall\.(?:Exit|Kill)|log\.Fatal(?:f|ln)?)\b",
)
_CHECK: Final = r"(?:(?:debug_)?assert\w*|panic|unreachable|matches)\b"
_RUST: Final = _rules(
    test_skipped=r"#\[\s*ignore\b",
    detects_evaluator=r"\bcfg(?:_attr)?!?\s*[(\[{](?!\s*test\s*\)\]).{0,100}?\b(?:test|doctest|debug_assertions)\b"
    rf"|\benv!?(?:::var(?:_os)?)?\(\"{_CI}\"",
    patches_module=rf"\bmacro_rules!\s*{_CHECK}|\bas\s+{_CHECK}",
    native_access=r"\basm!\s*\(|extern\s+\"C\"\s*\{|\blibc::(?:ptrace|dlsym|dlopen)",
    ends_process=r"\blibc::(?:_?exit|_Exit|abort|kill|raise)\b|\bprocess::(?:exit|abort)\b"
    r"|\bprocess::\{[^{}]*\b(?:exit|abort)\b",
)
_C: Final = _rules(
    test_skipped=r"\bGTEST_SKIP\b|\bDISABLED_\w+|\bSKIP\s*\(",
    detects_evaluator=rf"\bgetenv\s*\(\s*\"{_CI}\"",
    native_access=r"__attribute__\s*\(\(\s*constructor|\bdlsym\s*\(|\bdlopen\s*\(",
    patches_module=r"\b(?:clock_gettime|gettimeofday|time|clock)\s*\([^;()]*\)\s*\{",
    ends_process=r"(?:(?<![\w.>:])|\bstd::|(?<!\w)::)"
    r"(?:exit|_exit|_Exit|quick_exit|abort|terminate|at(?:_quick_)?exit|raise|kill)\s*\("
    r"|\b(?:SYS_|__NR_)exit|\b__builtin_trap\b",
)
_JAVA: Final = _rules(
    test_skipped=r"@(?:Disabled|Ignore)\b|\bAssum(?:e|ptions)\.|\[(?:Fact|Theory)\(Skip",
    detects_evaluator=rf"(?:getenv|GetEnvironmentVariable)\(\"{_CI}\"",
    walks_frames=r"\bgetStackTrace\(\)|\bStackWalker\b|new\s+StackTrace\(",
    reaches_interpreter=r"\bsetAccessible\(\s*true|\bsun\.misc\.Unsafe\b|Instrumentation\b",
    ends_process=r"\bhalt\s*\(|\baddShutdownHook\b|\bSystem\.exit\b|\bgetRuntime\(\)\.exit\b"
    r"|\b(?:exitProcess|sys\.exit)\s*\(|\bEnvironment\.(?:Exit|FailFast|ExitCode\s*=[^=])",
)
_RUBY: Final = _rules(
    test_skipped=r"^\s*(?:skip|pending)\b|\bx(?:it|describe|context)\b",
    detects_evaluator=rf"ENV\[[\"']{_CI}[\"']\]",
    walks_frames=r"\bcaller(?:_locations)?\b|\bbinding\.|\bObjectSpace\b|\bTracePoint\b",
    ends_process=r"\bat_exit\b|(?:(?<![\w.@$:])|\b(?:Kernel|Process)\.)(?:exit|abort)\b(?!\s*[=:?])",
    hidden_code=r"\b(?:instance_|class_|module_)?eval\b",
)
_SHELL: Final = _rules(
    detects_evaluator=rf"\$\{{?{_CI}\b",
    test_skipped=r"\|\|\s*(?:true|:)\s*$|--(?:ignore|deselect|exitfirst)\b|\bpytest\b.{0,100}\s-[kp]\s|SKIP=",
)


def _all(suffixes: str, rules: _Rules) -> dict[str, _Rules]:
    return dict.fromkeys(suffixes.split(), rules)


_LANGUAGES: Final[dict[str, _Rules]] = {
    **_all(".js .mjs .cjs .ts .mts .cts .jsx .tsx .vue .svelte", _JAVASCRIPT),
    ".go": _GO,
    ".rs": _RUST,
    **_all(".c .h .cc .cpp .cxx .hpp .cu .m", _C),
    **_all(".java .kt .scala .cs", _JAVA),
    ".rb": _RUBY,
    **_all(".sh .bash .zsh .mk", _SHELL),
    "": _SHELL,
}
PLACED: Final = frozenset({"ends-process"})
"""Rules for which another place matters: a program that ends itself may, its library may not."""
ASSERTION: Final = re.compile(
    r"\bassert\w*\b|\bexpect\s*\(|\bEXPECT_\w+|\bASSERT_\w+|\brequire\.\w+\(|\bt\.(?:Error|Fatal)"
    r"|\bshould\b|\bREQUIRE\s*\("
)

_TEST_FUNCTION: Final = re.compile(r"\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)")


def tests(text: list[str]) -> set[str]:
    """Names of the functions below a test attribute of Rust."""
    found: set[str] = set()
    marked = False
    for line in text:
        bare = line[:_MAX_LINE].strip()
        name = _TEST_FUNCTION.match(bare)
        if name and marked:
            found.add(name[1])
        # Further attributes may stand between the first one and the function.
        marked = (marked or "test" in bare or "bench" in bare) if bare.startswith("#[") else False
    return found


def signals(path: str, added: list[tuple[int, str]]) -> Iterator[Signal]:
    """What the rules of a file's language see in ``added`` lines (number, text)."""
    suffix = PurePosixPath(path).suffix.lower()
    rules = _ANY + _LANGUAGES.get(suffix, ())
    for number, line in added:
        for rule, expression in rules:
            match = expression.search(line[:_MAX_LINE])
            if match:
                yield Signal(rule, match[0], number, line.strip()[:200])
