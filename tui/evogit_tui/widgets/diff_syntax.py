"""Colours for source text, by pygments; only for well-known languages and files of sensible size.

Candidates write these files, and a regular expression can be made to run for ever: therefore a fixed
list of lexers, none that a plug-in brings, and bounds on the text.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Role = Literal["keyword", "name", "string", "number", "comment", "builtin"]
Span = tuple[int, int, Role]
"""Start and end in characters of the line, and what it is."""

MAX_TEXT: Final = 96 * 1024
_MAX_LINE: Final = 1000

_LEXERS: Final[dict[str, str]] = {
    ".bash": "bash",
    ".c": "c",
    ".cc": "cpp",
    ".cfg": "ini",
    ".cpp": "cpp",
    ".cs": "csharp",
    ".css": "css",
    ".cu": "cuda",
    ".go": "go",
    ".h": "c",
    ".hpp": "cpp",
    ".html": "html",
    ".ini": "ini",
    ".java": "java",
    ".jl": "julia",
    ".js": "javascript",
    ".json": "json",
    ".kt": "kotlin",
    ".lua": "lua",
    ".md": "markdown",
    ".php": "php",
    ".pl": "perl",
    ".py": "python",
    ".pyi": "python",
    ".r": "r",
    ".rb": "ruby",
    ".rs": "rust",
    ".scala": "scala",
    ".sh": "bash",
    ".sql": "sql",
    ".swift": "swift",
    ".toml": "toml",
    ".ts": "typescript",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".zig": "zig",
    "dockerfile": "docker",
    "makefile": "make",
}
_ROLES: Final[Mapping[str, Role]] = {
    "Comment": "comment",
    "Keyword": "keyword",
    "Operator.Word": "keyword",
    "Name.Builtin": "builtin",
    "Name.Decorator": "builtin",
    "Name.Function": "name",
    "Name.Class": "name",
    "Name.Tag": "keyword",
    "Literal.String": "string",
    "Literal.Number": "number",
}


def highlight(path: str, text: str) -> list[list[Span]]:
    """What the characters of each line are; an empty list if nothing is known about the file.

    Args:
        path: decides the language.
        text: the whole file with line feeds, as lines can not be understood alone.
    """
    name = PurePosixPath(path).name.lower()
    language = _LEXERS.get(PurePosixPath(name).suffix) or _LEXERS.get(name)
    if language is None or len(text) > MAX_TEXT:
        return []
    if max(map(len, text.split("\n"))) > _MAX_LINE:
        return []
    return _lex(language, text)


@lru_cache(maxsize=64)
def _lex(language: str, text: str) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    column = 0
    for kind, value in _lexer(language).get_tokens(text):
        role = _role(str(kind))
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
                column = 0
            if role is not None and part:
                lines[-1].append((column, column + len(part), role))
            column += len(part)
    return lines


@lru_cache(maxsize=64)
def _lexer(language: str) -> Any:
    import pygments.lexers as lexers

    make: Any = lexers.get_lexer_by_name  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return make(language, stripnl=False, ensurenl=False)


@lru_cache(maxsize=512)
def _role(kind: str) -> Role | None:
    name = kind.removeprefix("Token.")
    while name:
        if name in _ROLES:
            return _ROLES[name]
        name = name.rpartition(".")[0]
    return None
