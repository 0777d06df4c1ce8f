"""Every operator: what it shows, and what it makes of an answer."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from evogit.config.model import Search
from evogit.git.merge import Conflict
from evogit.git.merge_text import merge_text
from evogit.git.trees import Entry
from evogit.ids import BlobId
from evogit.proposals import Genome, NoProposal, Proposal, Task, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conftest import Memory, Studio

    from evogit_agents.models.model import Message

    Individual = Callable[..., Genome]

FRAME = ("import math\n\n# EVOLVE-BLOCK-START\n", "# EVOLVE-BLOCK-END\nprint(priority(1, 2))\n")
RULE = "def priority(item, remaining):\n    return item / remaining\n"
BLOCK = f"Prefer tight bins of that size.\n```python\n{RULE}```\n"


def changed(made: Proposal | NoProposal, path: str = "packer.py") -> str:
    assert isinstance(made, Proposal), made
    content = made.changes[path]
    assert content is not None
    return content.decode()


def reason(made: Proposal | NoProposal) -> str:
    assert isinstance(made, NoProposal), made
    return made.reason


def test_rewrite_puts_the_answer_into_the_evolve_block(studio: Studio) -> None:
    made = studio.ask("rewrite", BLOCK)
    assert changed(made) == FRAME[0] + RULE + FRAME[1]
    assert isinstance(made, Proposal)
    assert made.subject == "rewrite packer.py: Prefer tight bins of that size."


def test_rewrite_takes_the_block_out_of_a_whole_file(studio: Studio) -> None:
    made = studio.ask("rewrite", f"Whole file.\n```python\n{FRAME[0]}{RULE}{FRAME[1]}```")
    assert changed(made) == FRAME[0] + RULE + FRAME[1]


def test_tests_inside_a_file_are_neither_asked_for_nor_taken(
    studio: Studio, individual: Individual
) -> None:
    tests = "\n#[test]\nfn a() { assert!(b()); }\n"
    task = studio.task(individual({"src/lib.rs": f"fn b() -> bool {{ 1 < 2 }}\n{tests}"}))
    task = replace(task, search=Search(editable=("**",)))
    made = studio.ask("rewrite", "Why.\n```\nfn b() -> bool { true }\n```", task=task)
    assert changed(made, "src/lib.rs") == f"fn b() -> bool {{ true }}\n{tests}"
    more = studio.ask("rewrite", f"Why.\n```\nfn b() {{}}\n{tests}```", task=task)
    assert "tests and examples inside the file" in reason(more)


def test_rewrite_of_a_file_without_markers_is_all_of_it(
    studio: Studio, individual: Individual
) -> None:
    made = studio.ask("rewrite", BLOCK, task=studio.task(individual({"a.py": "x = 1\n"})))
    assert changed(made, "a.py") == RULE


def test_line_ends_of_the_file_are_kept(studio: Studio, individual: Individual) -> None:
    task = studio.task(individual({"a.py": b"x = 1\r\ny = 2\r\n"}))
    made = studio.ask("rewrite", "```\nx = 3\ny = 2\n```", task=task)
    assert isinstance(made, Proposal)
    assert made.changes["a.py"] == b"x = 3\r\ny = 2\r\n"


_MARKED = b"\xef\xbb\xbfx = 1\r\ny = 2\r\n"
_NEW = b"\xef\xbb\xbfx = 3\r\ny = 2\r\n"


@pytest.mark.parametrize(
    ("operator", "answer"),
    [
        ("rewrite", "```\nx = 3\ny = 2\n```"),
        ("rewrite", "```\n\ufeffx = 3\ny = 2\n```"),
        ("diff", "<<<<<<< SEARCH\nx = 1\n=======\nx = 3\n>>>>>>> REPLACE\n"),
    ],
)
def test_a_byte_order_mark_is_not_shown_and_kept(
    studio: Studio, individual: Individual, operator: str, answer: str
) -> None:
    made = studio.ask(operator, answer, task=studio.task(individual({"a.py": _MARKED})))
    assert isinstance(made, Proposal), made
    assert made.changes["a.py"] == _NEW
    assert "\ufeff" not in "".join(studio.prompts)


def test_no_answer_adds_a_byte_order_mark(studio: Studio, individual: Individual) -> None:
    task = studio.task(individual({"a.py": "x = 1\n"}))
    assert changed(studio.ask("rewrite", "```\n\ufeffx = 3\n```", task=task), "a.py") == "x = 3\n"
    copied = studio.ask("rewrite", "```\n\ufeffx = 1\n```", task=task)
    assert "changes nothing" in reason(copied)


def test_two_blocks_where_one_was_asked_for_are_refused(studio: Studio) -> None:
    assert "2 code blocks" in reason(studio.ask("rewrite", BLOCK + BLOCK))


def test_diff_replaces_lines_inside_the_block_only(studio: Studio) -> None:
    good = "Idea\n<<<<<<< SEARCH\n    return -left\n=======\n    return -left**2\n>>>>>>> REPLACE\n"
    assert "return -left**2" in changed(studio.ask("diff", good))
    bad = "<<<<<<< SEARCH\nimport math\n=======\nimport os\n>>>>>>> REPLACE\n"
    assert "where lines may change" in reason(studio.ask("diff", bad))


def test_diff_refuses_markers_smuggled_into_the_block(studio: Studio) -> None:
    bad = (
        "<<<<<<< SEARCH\n    return -left\n=======\n    return -left\n# EVOLVE-BLOCK-END\n"
        "import os\n>>>>>>> REPLACE\n"
    )
    assert "EVOLVE-BLOCK" in reason(studio.ask("diff", bad))


def test_diff_of_another_file_is_refused(studio: Studio) -> None:
    bad = "other.py\n<<<<<<< SEARCH\n    return -left\n=======\n    return 0\n>>>>>>> REPLACE\n"
    assert "change packer.py alone" in reason(studio.ask("diff", bad))


def test_diff_takes_a_definition_given_whole_for_the_one_of_its_name(studio: Studio) -> None:
    answer = f"Other words.\n```python\nimport math\nimport bisect\n{RULE}```"
    made = changed(studio.ask("diff", answer))
    assert made == f"{FRAME[0]}import bisect\n\n\n{RULE}{FRAME[1]}"


def test_diff_passes_over_a_copy_of_the_prompts_example(studio: Studio) -> None:
    def copied(messages: Sequence[Message], number: int) -> str:
        del number
        example = messages[1].text.partition("<<<<<<< SEARCH\n")[2].partition(">>>>>>>")[0]
        return f"```\n<<<<<<< SEARCH\n{example}>>>>>>> REPLACE\n```\n```python\n{RULE}```\n"

    made = studio.agent(["diff"], copied).propose(studio.task())
    assert changed(made) == FRAME[0] + RULE + FRAME[1]


@pytest.mark.parametrize(
    "code",
    [
        "def other(item):\n    return item\n",  # the file has no such function
        f"{RULE}print(priority(3, 4))\n",  # something that has no place
        f"{RULE}```\n```\n{RULE}",  # which of them?
        "def priority(item, remaining:\n",
    ],
)
def test_diff_guesses_no_place_for_code_without_one(studio: Studio, code: str) -> None:
    assert "no SEARCH/REPLACE" in reason(studio.ask("diff", f"Words.\n```\n{code}```"))


@pytest.mark.parametrize("operator", ["diff", "rewrite", "section"])
def test_a_unified_diff_is_applied_by_its_lines(studio: Studio, operator: str) -> None:
    diff = "@@ -99,2 +99,3 @@\n     left = remaining - item\n-    return -left\n+    return left\n"
    made = studio.ask(operator, f"Turn it round.\n```diff\n--- a/x\n+++ b/x\n{diff}```")
    assert changed(made).split("\n")[4:6] == ["    left = remaining - item", "    return left"]
    edge = studio.ask(operator, f"Words.\n```\n{diff} # EVOLVE-BLOCK-END\n```")
    assert changed(edge) == changed(made)
    strange = studio.ask(operator, f"Words.\n```\n{diff.replace('- item', '- other')}```")
    assert "no line of the file reads" in reason(strange)


def test_diff_replaces_no_definition_outside_of_the_block_or_given_twice(
    studio: Studio, individual: Individual
) -> None:
    fixed = {"a.py": "def f():\n    return 1\n# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n"}
    twice = {"a.py": "class A:\n    def f(self): ...\nclass B:\n    def f(self): ...\n"}
    for files in (fixed, twice):
        task = studio.task(individual(files))
        made = studio.ask("diff", "Words.\n```\ndef f():\n    return 2\n```", task=task)
        assert "no SEARCH/REPLACE" in reason(made)


@pytest.mark.parametrize("operator", ["rewrite", "diff", "section", "draft"])
def test_an_answer_that_changes_nothing_is_a_failure_of_its_own(
    studio: Studio, operator: str
) -> None:
    def copy(messages: Sequence[Message], number: int) -> str:
        del number
        found = re.search(r"(?:are|better\)):\n```\n(.*?)\n```\n", messages[1].text, re.DOTALL)
        shown = found[1] if found else _own_block()
        if operator == "diff":
            line = "    return -left"
            return f"<<<<<<< SEARCH\n{line}\n=======\n{line}  \n>>>>>>> REPLACE\n"
        return f"```\n{shown}\n```"

    made = studio.agent([operator], copy).propose(studio.task(random=_Low(3)))
    assert "changes nothing" in reason(made)


def _own_block() -> str:
    return "def priority(item, remaining):\n    left = remaining - item\n    return -left"


class _Low(Random):
    """Chance that always allows what is seldom."""

    def random(self) -> float:
        return 0.01


def test_an_answer_without_code_is_refused(studio: Studio) -> None:
    assert "no code block" in reason(studio.ask("rewrite", "I would sort the bins."))
    assert "no SEARCH/REPLACE" in reason(studio.ask("diff", "I would sort the bins."))


def test_python_that_does_not_parse_is_refused_with_pythons_words(studio: Studio) -> None:
    made = studio.ask("rewrite", "```\ndef priority(item:\n```")
    assert "never closed" in reason(made)


def test_section_replaces_a_window_and_nothing_else(studio: Studio) -> None:
    for seed in range(12):
        made = studio.ask("section", "```\npass\n```", task=studio.task(seed=seed))
        new = changed(made)
        assert new.startswith(FRAME[0])
        assert new.endswith(FRAME[1])
        assert "pass" in new


def test_section_may_add_one_new_file(studio: Studio) -> None:
    answer = "```\npass\n```\nFILE: helper/bins.py\n```python\nx = 1\n```"
    assert changed(studio.ask("section", answer), "helper/bins.py") == "x = 1\n"


@pytest.mark.parametrize("path", ["../out.py", "/etc/x.py", ".git/hooks/x.py", "a\tb.py"])
def test_a_new_file_with_a_hostile_name_is_refused(studio: Studio, path: str) -> None:
    answer = f"{path}\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n"
    task = studio.task(_two_files(studio))
    assert isinstance(studio.ask("multi", answer, task=task), NoProposal)
    assert isinstance(
        studio.ask("section", f"```\npass\n```\nFILE: {path}\n```\nx\n```"), NoProposal
    )


def _two_files(studio: Studio) -> Genome:
    first = studio.task().parents[0]
    files = {path: first.read(path) for path in first.paths} | {"rule.py": b"limit = 3\n"}
    return Genome(first.commit, first.tree, tuple(files), files.__getitem__, 1.0)


MULTI = (
    "rule.py\n<<<<<<< SEARCH\nlimit = 3\n=======\nlimit = 4\n>>>>>>> REPLACE\n"
    "packer.py\n<<<<<<< SEARCH\n    return -left\n=======\n    return left\n>>>>>>> REPLACE\n"
    "more.py\n<<<<<<< SEARCH\n=======\ny = 1\n>>>>>>> REPLACE\n"
)


def test_multi_changes_several_files_and_adds_one(studio: Studio) -> None:
    made = studio.ask("multi", MULTI, task=studio.task(_two_files(studio)))
    assert changed(made, "rule.py") == "limit = 4\n"
    assert "return left\n" in changed(made)
    assert changed(made, "more.py") == "y = 1\n"


def test_multi_that_changes_nothing_is_told_so(studio: Studio) -> None:
    copy = "rule.py\n<<<<<<< SEARCH\nlimit = 3\n=======\nlimit = 3\n>>>>>>> REPLACE\n"
    made = studio.ask("multi", copy, MULTI, task=studio.task(_two_files(studio)))
    assert "changes nothing" in studio.prompts[1]
    assert changed(made, "rule.py") == "limit = 4\n"
    assert "changes nothing" in reason(
        studio.ask("multi", copy, task=studio.task(_two_files(studio)))
    )


def test_protected_and_uneditable_files_are_neither_shown_nor_taken(studio: Studio) -> None:
    search = Search(editable=("**/*.py",), protected=("rule.py",))
    task = studio.task(_two_files(studio), search=search)
    assert isinstance(studio.ask("multi", MULTI, task=task), NoProposal)
    assert studio.prompts == []  # one file alone is nothing for it
    made = studio.ask("diff", MULTI, task=task)
    assert isinstance(made, NoProposal)
    assert "limit = 3" not in "".join(studio.prompts)


def test_a_file_with_a_secret_is_no_target(studio: Studio, individual: Individual) -> None:
    studio.keep({"KEY": "hunter2-hunter2"})
    task = studio.task(individual({"a.py": "key = 'hunter2-hunter2'\n"}))
    made = studio.ask("rewrite", BLOCK, task=task)
    assert "no operator" in reason(made)
    assert studio.prompts == []


def _crossing(studio: Studio, individual: Individual) -> Task:
    base = studio.task().parents[0].read("packer.py").decode()
    ours = base.replace("-left", "-left - 7")
    theirs = base.replace("left = remaining - item", "left = remaining - item * 2")
    parents = (individual({"packer.py": ours}, 3.0), individual({"packer.py": theirs}, 4.0))
    return studio.task(*parents, operator="cross", base=individual({"packer.py": base}))


def test_cross_shows_the_ancestor_and_what_both_changed(
    studio: Studio, individual: Individual
) -> None:
    made = studio.ask("cross", BLOCK, task=_crossing(studio, individual))
    assert changed(made) == FRAME[0] + RULE + FRAME[1]
    prompt = studio.prompts[0]
    for part in ("    return -left\n", "+    return -left - 7", "item * 2", "score 3", "score 4"):
        assert part in prompt


def test_a_model_that_does_not_cross_mutates_instead(
    studio: Studio, individual: Individual
) -> None:
    made = studio.ask("rewrite", BLOCK, task=_crossing(studio, individual))
    assert isinstance(made, Proposal)
    assert made.operator == "rewrite"


def test_repair_shows_the_failed_offspring_and_its_error(
    studio: Studio, individual: Individual, memory: Callable[..., Memory]
) -> None:
    files = {"packer.py": FRAME[0] + "def priority(a):\n    return b\n" + FRAME[1], "n.py": "n\n"}
    failed = individual(files, None)
    past = memory(
        [Trial("a1", "diff", "use b", "failed main: NameError", None, failed)],
        {failed.commit: "packer.py, line 5: NameError: name 'b' is not defined"},
    )
    made = studio.ask("repair", BLOCK, task=studio.task(past=past))
    assert changed(made) == FRAME[0] + RULE + FRAME[1]
    assert changed(made, "n.py") == "n\n"
    assert isinstance(made, Proposal)
    assert made.inspirations == (failed.commit,)
    assert "return b" in studio.prompts[0]
    assert "name 'b' is not defined" in studio.prompts[0]


def test_repair_that_only_undoes_the_failed_change_is_refused(
    studio: Studio, individual: Individual, memory: Callable[..., Memory]
) -> None:
    failed = individual({"packer.py": FRAME[0] + RULE + FRAME[1]}, None)
    past = memory([Trial("a1", "diff", "x", "crashed", None, failed)])
    made = studio.ask("repair", f"```\n{_own_block()}\n```", task=studio.task(past=past))
    assert "keep its idea" in reason(made)


def test_repair_needs_a_failure(studio: Studio) -> None:
    assert "no operator" in reason(studio.ask("repair", BLOCK))


def _conflict(path: str, base: str, ours: str, theirs: str) -> Conflict:
    entry = Entry(0o100644, BlobId("0" * 40))
    pieces = merge_text(path, base.encode(), ours.encode(), theirs.encode())
    return Conflict(path, entry, entry, entry, 0o100644, pieces)


def test_resolve_replaces_each_conflict_by_its_block(studio: Studio) -> None:
    lines = [f"line {i}\n" for i in range(20)]
    ours, theirs = lines.copy(), lines.copy()
    ours[3], theirs[3], ours[15], theirs[15] = "a = 1\n", "a = 2\n", "b = 1\n", "b = 2\n"
    one = _conflict("a.py", "".join(lines), "".join(ours), "".join(theirs))
    task = studio.task(operator="resolve", conflicts=(one,))
    agent = studio.agent(["resolve"], ["```\na = 3\n```\n```\n\n```"])
    made = agent.resolve(task)
    lines[3], lines[15] = "a = 3\n", ""
    assert changed(made, "a.py") == "".join(lines)
    assert "<<<<<<< ours\na = 1\n||||||| before\nline 3\n" in studio.prompts[0]
    assert "the 2 conflicting" in studio.prompts[0]


@pytest.mark.parametrize("answer", ["```\na\n```", "```\n<<<<<<< ours\n```\n```\nb\n```"])
def test_resolve_refuses_a_wrong_number_of_blocks_and_markers(studio: Studio, answer: str) -> None:
    one = _conflict("a.py", "x\ny\nz\n", "a\ny\nc\n", "b\ny\nd\n")
    task = studio.task(operator="resolve", conflicts=(one,))
    assert isinstance(studio.agent(["resolve"], [answer]).resolve(task), NoProposal)


def test_draft_shows_what_is_to_be_defined_and_not_how(studio: Studio) -> None:
    made = studio.agent(["draft"], [BLOCK]).propose(studio.task(random=_Low(3)))
    assert changed(made) == FRAME[0] + RULE + FRAME[1]
    assert "def priority(item, remaining):" in studio.prompts[0]
    assert "left = " not in studio.prompts[0]


def test_of_two_blocks_the_one_that_defines_what_was_asked_for_is_taken(studio: Studio) -> None:
    made = studio.ask("rewrite", BLOCK + "Use it so:\n```python\nprint(priority(3, 9))\n```\n")
    assert changed(made) == FRAME[0] + RULE + FRAME[1]


def test_a_whole_function_in_place_of_some_of_its_lines_replaces_the_function(
    studio: Studio,
) -> None:
    for seed in range(12):
        made = studio.ask("section", BLOCK, task=studio.task(seed=seed))
        assert changed(made) == FRAME[0] + RULE + FRAME[1]


def test_code_that_parses_and_does_not_compile_is_refused(studio: Studio) -> None:
    made = studio.ask("rewrite", "```\nreturn item\ndef priority(item, remaining): ...\n```")
    assert "'return' outside function" in reason(made)


def test_a_body_alone_goes_under_the_head_of_the_one_function(
    studio: Studio, individual: Individual
) -> None:
    head = 'def priority(item, remaining):\n    """Say it."""\n'
    task = studio.task(individual({"a.py": f"import math\n{head}    return 1\n\n\nx = 2\n"}))
    made = changed(
        studio.ask("rewrite", "```\nif item:\n    return 3\nreturn 4\n```", task=task), "a.py"
    )
    body = "    if item:\n        return 3\n    return 4\n"
    assert made == f"import math\n{head}{body}\n\nx = 2\n"


def test_a_marker_without_its_other_half_is_no_line_of_the_block(studio: Studio) -> None:
    made = studio.ask("rewrite", f"```\n{RULE}# EVOLVE-BLOCK-END\n```")
    assert changed(made) == FRAME[0] + RULE + FRAME[1]
