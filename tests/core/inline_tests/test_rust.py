"""Tests inside Rust files are found whatever surrounds them, and nothing may be done to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.inline_tests.kept import inline_tests, keeps_tests
from evogit.inline_tests.rust import files_of_tests

CODE = """\
//! A crate.
pub mod other;

/// Counts.
///
/// ```
/// assert_eq!(crate::count("a'{b", 'a'), 1);
/// ```
#[inline]
pub fn count(text: &str, wanted: char) -> usize {
    let brace = '{'; // not a { bracket "
    let quote = '"';
    let raw = r#"a "quoted" { text"#;
    let life: &'static str = "\\"{";
    /* nested /* { */ #[cfg(test)] fn not_code() {} */
    text.chars().filter(|c| *c == wanted).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        assert_eq!(count("banana", 'a'), 3);
    }
}

pub fn twice(x: u8) -> u8 {
    x + x
}
"""
TESTS = CODE[CODE.index("#[cfg(test)]\nmod") : CODE.index("\n\npub fn twice")]


def stay(old: str, new: str) -> bool:
    return keeps_tests("src/lib.rs", old, new)


def fixed(text: str) -> list[str]:
    found = inline_tests("x.rs", text)
    assert found is not None
    return [text[start:end] for start, end in found.spans]


def test_the_module_of_tests_is_found_to_its_last_brace() -> None:
    assert fixed(CODE) == [TESTS]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + x", "x << 1"),
        ("#[inline]", "#[inline(always)]"),
        ("let quote = '\"';", "let quote = 'x';"),
        ("pub mod other;", "pub mod other;\nmod more;\nuse more::fast;"),
        ("//! A crate.", "//! The crate.\n#![allow(dead_code)]"),
        ("pub fn twice", "/// Doubles.\n#[cfg(unix)]\npub fn twice"),
        ("pub fn twice", "/// ```\n/// assert!(true);\n/// ```\npub fn twice"),
        (" -> usize {", " -> usize { // faster"),
    ],
)
def test_code_beside_tests_may_change(old: str, new: str) -> None:
    assert stay(CODE, CODE.replace(old, new))


@pytest.mark.parametrize(
    "new",
    [
        "",
        CODE.replace(TESTS, ""),
        CODE.replace("        assert_eq!(count", "        let _ = (count"),
        CODE.replace("'a'), 3);", "'a'), 2);"),
        CODE.replace("    #[test]\n", ""),
        CODE.replace("    #[test]\n", "    #[test]\n    #[ignore]\n"),
        CODE.replace(TESTS, f"/* {TESTS} */"),
        CODE.replace(TESTS, f'const TESTS: &str = r##"{TESTS}"##;'),
        CODE.replace(TESTS, f"macro_rules! never {{ () => {{ {TESTS} }} }}"),
        CODE.replace(TESTS, f"#[cfg(any())]\nmod never {{\n{TESTS}\n}}"),
        CODE.replace(TESTS, f"#[cfg(any())]\n{TESTS}"),
        CODE.replace(TESTS, f"{TESTS}\n{TESTS.replace('tests', 'more')}"),
        CODE.replace("pub mod", "#![cfg(any())]\npub mod"),
        CODE.replace("pub mod", "#[cfg(any())]\npub mod"),
        CODE.replace("pub mod other;", ""),
        CODE.replace("pub mod other;", "pub mod other {}"),
        CODE.replace("pub fn twice", "#[cfg(not(test))]\npub fn twice"),
        CODE.replace("pub fn twice", "#[cfg_attr(test, inline)]\npub fn twice"),
        CODE.replace("pub fn twice", "#[cfg(test)]\nmacro_rules! assert_eq {}\npub fn twice"),
        CODE.replace("'a'), 1);", "'a'), 0);"),
        CODE.replace("/// ```\n/// assert", "/// ```ignore\n/// assert"),
        CODE.replace("/// ```\n#[inline]", "/// ```\n#[cfg(any())]\n#[inline]"),
        CODE.replace("/// Counts.", "fn hide() {\n/// Counts.").replace("pub fn twice", "}\nfn x"),
        CODE + "}",
        CODE + "/*",
        CODE + "'",
    ],
)
def test_nothing_may_be_done_to_tests(new: str) -> None:
    assert new != CODE
    assert not stay(CODE, new)


@pytest.mark.parametrize(
    "item",
    [
        "#[test]\nfn a() { x(); }",
        "#[tokio::test(flavor = \"multi_thread\")]\nasync fn a() {}",
        "#[rstest]\n#[case(1, 2)]\nfn a(#[case] x: u8, #[case] y: u8) {}",
        "/// Why.\n#[should_panic]\n#[test]\npub(crate) fn a() -> Result<(), ()> { Ok(()) }",
        "#[bench]\nfn a(b: &mut Bencher) {}",
        "#[cfg(all(test, unix))]\nuse std::{io, fs};",
        "#[cfg(test)]\nconst A: [u8; 2] = B { c: [1, 2] }.c;",
        "#[cfg(test)]\npub(crate) const unsafe fn a() {}",
        "#[cfg(test)]\nextern \"C\" { fn a(); }",
        "#[cfg(test)]\nmacro_rules! a { () => {}; }",
        "#[cfg(test)]\nproptest! { fn a(x in 0..9) {} }",
        "#[cfg(test)]\nimpl<'a> A<'a> for B<{ C }> { fn d() {} }",
        "#[cfg(test)]\nmod tests;",
        "#![cfg_attr(not(test), no_std)]",
    ],
)  # fmt: skip
def test_an_item_for_tests_is_fixed_as_a_whole(item: str) -> None:
    assert fixed(f"fn a() {{}}\n{item}\nfn b() {{ let x = 'x'; }}\n") == [item]


def test_tests_below_macros_fields_and_blocks_are_found() -> None:
    assert fixed("proptest! {\n  #[test]\n  fn a(x in 0..9) { b(x) }\n}") == [
        "#[test]\n  fn a(x in 0..9) { b(x) }"
    ]
    assert fixed("struct A { #[cfg(test)] b: u8, c: u8 }") == ["#[cfg(test)] b: u8,"]
    assert fixed("fn a() { #[cfg(test)] { b(); } c() }") == ["#[cfg(test)] { b(); }"]
    assert fixed("fn a() { #[cfg(test)] let b = D { c }; c() }") == [
        "#[cfg(test)] let b = D { c };"
    ]


def test_a_file_that_is_no_rust_may_not_change() -> None:
    assert not stay('fn a() { "', 'fn b() { "')
    assert not stay("", "fn a() {")


def test_modules_in_files_of_their_own_are_named() -> None:
    assert files_of_tests("#[cfg(test)]\nmod checks;\nmod code;\n#[cfg(test)] mod inner {}") == [
        "checks"
    ]


@given(st.text("#[]{}()!'\"\\/*rtes\n;=<> "))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert stay(text, text)
    inline_tests("x.rs", text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "{" * 200_000 + "}" * 200_000,
        "#[" * 200_000 + "]" * 200_000,
        "#[a]" * 200_000,
        "()" * 400_000,
        f"const A: &[(u8, u8)] = &[{'(1, 2), ' * 90_000}];",
        "mod " * 200_000 + "a;",
        "mod a;" * 150_000,
        "/// ```\n" * 100_000,
        "#[test] " * 100_000,
        "a! { #[test] fn a() {} }" * 30_000,
    ],
    ids=lambda text: text[:12],
)
def test_deep_and_long_files_take_time_by_their_length(text: str) -> None:
    assert inline_tests("x.rs", text) is not None


def test_too_long_or_open_files_are_not_read() -> None:
    assert inline_tests("x.rs", "x" * (2**20 + 1)) is None
    assert inline_tests("x.rs", "/*" * 200_000) is None
