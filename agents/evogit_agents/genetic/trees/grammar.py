"""Languages by their tree-sitter grammars, and what their kinds of nodes stand for.

Grammars agree on many names; what is said here holds for all of them, so that a language costs one line.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Language

BLOCKS: Final = frozenset(
    {
        "statement_block", "compound_statement", "block", "statement_list", "constructor_body",
        "switch_body", "program", "source_file", "translation_unit",
    }
)  # fmt: skip
"""What lists statements."""

FILES: Final = frozenset({"program", "source_file", "translation_unit"})

STATEMENTS: Final = frozenset(
    {
        "declaration", "lexical_declaration", "variable_declaration", "let_declaration",
        "local_variable_declaration", "short_var_declaration", "var_declaration",
    }
)  # fmt: skip
"""Statements by names of their own; all others end in ``_statement``."""

FUNCTIONS: Final = frozenset(
    {
        "function_declaration", "function_definition", "function_item", "method_declaration",
        "method_definition", "function_expression", "arrow_function", "func_literal",
        "closure_expression", "constructor_declaration", "lambda_expression",
        "generator_function_declaration",
    }
)  # fmt: skip

LOOPS: Final = frozenset(
    {
        "for_statement", "for_in_statement", "while_statement", "do_statement", "for_expression",
        "while_expression", "loop_expression", "enhanced_for_statement", "for_range_loop",
    }
)  # fmt: skip

ATOMS: Final = frozenset(
    {
        "identifier", "number", "true", "false", "string", "template_string", "array", "object", "null",
        "call", "field_access", "array_access", "method_invocation", "this", "self", "boolean_literal",
    }
)  # fmt: skip
"""Expressions whose names do not tell; all others end in ``_expression``, ``_expr`` or ``_literal``."""

NOT_VALUES: Final = frozenset(
    {
        "string_literal", "raw_string_literal", "char_literal", "composite_literal", "func_literal",
        "assignment_expression", "augmented_assignment_expression", "update_expression",
        "compound_assignment_expr", "return_expression", "break_expression", "continue_expression",
        "for_expression", "while_expression", "loop_expression", "if_expression", "match_expression",
        "function_expression", "let_chain", "block_expression", "unsafe_block", "regex",
        "interpreted_string_literal", "rune_literal", "yield_expression", "await_expression",
        "closure_expression", "lambda_expression", "class_literal",
    }
)  # fmt: skip
"""What ends like an expression but is no value to compute with."""

NUMBERS: Final = frozenset(
    {
        "number", "number_literal", "integer_literal", "float_literal", "int_literal",
        "decimal_integer_literal", "hex_integer_literal", "binary_integer_literal",
        "decimal_floating_point_literal",
    }
)  # fmt: skip

TABLES: Final = frozenset(
    {"array", "initializer_list", "array_expression", "tuple_expression", "array_initializer",
     "literal_value"}
)  # fmt: skip

NAMES: Final = frozenset(
    {"identifier", "type_identifier", "shorthand_property_identifier", "property_identifier",
     "field_identifier"}
)  # fmt: skip

BINARY: Final = frozenset({"binary_expression"})
ASSIGNMENTS: Final = frozenset(
    {
        "assignment_expression", "augmented_assignment_expression", "compound_assignment_expr",
        "assignment_statement", "update_expression", "inc_statement", "dec_statement",
    }
)  # fmt: skip
DECLARATORS: Final = frozenset(
    {"variable_declarator", "init_declarator", "let_declaration", "short_var_declaration",
     "var_spec", "for_expression", "for_in_statement", "range_clause", "for_range_loop", "enhanced_for_statement"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language.

    Args:
        module: of Python, that holds the grammar; imported when a file needs it.
        local: how a constant of the language is declared from a name and a value.
        function: of it, that returns the grammar.
        tests: the suffix by which the kernel looks for tests inside a file, if it does.
    """

    module: str
    local: str
    function: str = "language"
    tests: str = ""


_JAVASCRIPT: Final = Grammar("tree_sitter_javascript", "const {name} = {value};")
_TYPESCRIPT: Final = Grammar(
    "tree_sitter_typescript", "const {name} = {value};", "language_typescript"
)
_TSX: Final = Grammar("tree_sitter_typescript", "const {name} = {value};", "language_tsx")
_C: Final = Grammar("tree_sitter_c", "const __typeof__({value}) {name} = {value};")
_CPP: Final = Grammar("tree_sitter_cpp", "const auto {name} = {value};")
_RUST: Final = Grammar("tree_sitter_rust", "let {name} = {value};", tests=".rs")
_GO: Final = Grammar("tree_sitter_go", "{name} := {value}")
_JAVA: Final = Grammar("tree_sitter_java", "final var {name} = {value};")

GRAMMARS: Final[Mapping[str, Grammar]] = {
    ".js": _JAVASCRIPT, ".mjs": _JAVASCRIPT, ".cjs": _JAVASCRIPT, ".jsx": _JAVASCRIPT,
    ".ts": _TYPESCRIPT, ".mts": _TYPESCRIPT, ".tsx": _TSX,
    ".c": _C, ".h": _C,
    ".cc": _CPP, ".cpp": _CPP, ".cxx": _CPP, ".hpp": _CPP, ".hh": _CPP,
    ".rs": _RUST, ".go": _GO, ".java": _JAVA,
}  # fmt: skip
"""By the suffix of a file."""


def grammar_of(path: str) -> Grammar | None:
    """The grammar for a file, by its name."""
    return GRAMMARS.get(PurePosixPath(path).suffix)


@lru_cache(maxsize=32)
def language(grammar: Grammar) -> Language:
    """The loaded grammar; the first call imports its module."""
    from tree_sitter import Language

    module = importlib.import_module(grammar.module)
    pointer: object = getattr(module, grammar.function)()
    return Language(pointer)


def is_statement(kind: str) -> bool:
    """Whether nodes of this kind are statements where they stand in a block."""
    return kind in STATEMENTS or kind.endswith("_statement")


def is_value(kind: str) -> bool:
    """Whether nodes of this kind are expressions with a value."""
    if kind in NOT_VALUES:
        return False
    return kind in ATOMS or kind.endswith(("_expression", "_expr", "_literal"))
