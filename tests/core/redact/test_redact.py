"""Secrets are struck out wherever they stand, and nothing else is."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evogit.redact import PLAIN, Redactor, secret_variables
from evogit.secret_patterns import PATTERNS

A = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ0cF2hJ4lM6"
# Put together here, so that no scanner takes this file for a leak.
LOOKS: dict[str, list[str]] = {
    "AWS access key": ["AKIA" + "IOSFODNN7EXAMPLE", "ASIA" + "Y34FZKBOKMUTVV7A"],
    "GitHub token": [*(f"gh{kind}_" + A for kind in "pousr"), "github_" + "pat_" + A],
    "GitLab token": ["glpat-" + A[:20], "gldt-" + A[:20], "glrt-" + A[:20], "GR1348941" + A[:20]],
    "Anthropic key": ["sk-" + "ant-api03-" + A],
    "OpenAI key": ["sk-" + A, "sk-" + "proj-" + A + "_-" + A, "sk-" + "svcacct-" + A],
    "Google key": ["AIza" + A[:35], "ya29." + A, "GOCSPX-" + A[:28]],
    "Slack token": ["xoxb-" + "1234567890-abcDEF", "xapp-" + "1-A1-2-abcdef0123"],
    "Stripe key": ["sk_" + "live_" + A[:24], "rk_" + "test_" + A[:24], "whsec_" + A],
    "npm token": ["npm_" + A],
    "PyPI token": ["pypi-" + "AgEIcHlwaS5vcmc" + A + A],
    "JSON web token": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + A],
    "private key": [
        f"-----BEGIN {kind}PRIVATE KEY-----\n{A}\n{A}==\n-----END {kind}PRIVATE KEY-----"
        for kind in ("", "RSA ", "OPENSSH ", "EC ", "ENCRYPTED ")
    ],
}
EXAMPLES = [(kind, secret) for kind, secrets in LOOKS.items() for secret in secrets]


@pytest.mark.parametrize(("kind", "secret"), EXAMPLES, ids=[f"{k} {s[:9]}" for k, s in EXAMPLES])
@pytest.mark.parametrize("around", [("", ""), ("token: ", "\n"), ('{"k":"', '"}'), ("(", ").")])
def test_known_formats_are_struck_out_by_kind(
    kind: str, secret: str, around: tuple[str, str]
) -> None:
    before, after = around
    assert PLAIN.text(f"{before}{secret}{after}") == f"{before}[redacted: {kind}]{after}"


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("https://me:hunter2!@example.org/x", "https://me:[redacted: password in a URL]@example.org/x"),
        ("postgres://u:p%40ss@db:5432/x", "postgres://u:[redacted: password in a URL]@db:5432/x"),
        (f"https://{A}@github.com/a/b", "https://[redacted: user in a URL]@github.com/a/b"),
        ("Authorization: Bearer abcdefgh.123", "Authorization: Bearer [redacted: authorization]"),
        ("'authorization': 'Basic dXNlcjpwYXNz'", "'authorization': 'Basic [redacted: authorization]'"),
        ("api_key=abcdef0123456789", "api_key=[redacted: named secret]"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "aws_secret_access_key = [redacted: named secret]"),
        ('"client_secret": "s3cr3t-value"', '"client_secret": "[redacted: named secret]"'),
        ("DB_PASSWORD: 'correct-horse-1'", "DB_PASSWORD: '[redacted: named secret]'"),
    ],
)  # fmt: skip
def test_what_is_named_a_secret_is_struck_out_and_its_name_stays(text: str, struck: str) -> None:
    assert PLAIN.text(text) == struck


@pytest.mark.parametrize(
    "text",
    [
        "token = tokenizer.next_token()",
        "for token in tokens: secrets[token] += 1",
        "password = get_password(user_1)",
        "secret: str = field(default='')",
        "key=lambda pair: pair[1]",
        "max_tokens: 4096, temperature: 0.7",
        "git@github.com:someone/project.git",
        "https://example.org/a@b?c=d:e@f",
        "https://me@example.org/x",
        "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904 sk-learn, task-force, desk-lamp",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + A + "\n-----END PUBLIC KEY-----",
        "akia gh_ npm_install pypi-server eyJ",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert PLAIN.text(text) == text


def test_values_of_variables_are_struck_out_in_every_usual_form() -> None:
    value = "p4ss/w+rd ö&=?"
    redactor = Redactor({"MY_PASSWORD": value})
    shown = "[redacted: value of MY_PASSWORD]"
    raw = value.encode()
    for text in (value, quote(value), quote(value, safe=""), quote_plus(value)):
        assert redactor.text(f"<{text}>") == f"<{shown}>"
    for before in ("", "a", "me:", "four"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(before.encode() + raw + b"!").decode()
            assert shown in redactor.text(text)
            assert text[6:-6] not in redactor.text(text)


def test_short_values_are_left_alone() -> None:
    assert Redactor({"A_TOKEN": "true", "B_KEY": "1234567"}).text("true 1234567") == "true 1234567"


def test_variables_are_kept_because_of_their_name_or_because_they_are_named() -> None:
    environ = {
        "OPENAI_API_KEY": "1", "GITHUB_TOKEN": "2", "DB_PASSWORD": "3", "AWS_SECRET_ACCESS_KEY": "4",
        "githubtoken": "5", "SSH_PASSPHRASE": "6", "GOOGLE_CREDENTIALS": "7", "SIGNING_KEY": "8",
        "HOME": "/", "PWD": "/", "KEYBOARD": "us", "MONKEY": "x", "SSH_AUTH_SOCK": "/s", "MINE": "9",
        "EMPTY_TOKEN": "",
    }  # fmt: skip
    found = secret_variables(environ, ["MINE", "ABSENT"])
    assert "".join(sorted(v for k, v in found.items() if k != "SSH_AUTH_SOCK")) == "123456789"


def test_json_stays_json_and_quotes_do_not_hide_a_value() -> None:
    redactor = Redactor({"A_KEY": 'va"lue\\ ü'})
    text = redactor.json({"list": [1, 'x va"lue\\ ü y', None], 'va"lue\\ ü': True})
    assert json.loads(json.dumps(text)) == {
        "list": [1, "x [redacted: value of A_KEY] y", None],
        "[redacted: value of A_KEY]": True,
    }


def test_bytes_that_are_no_text_survive_around_a_secret() -> None:
    redactor = Redactor({"A_KEY": "sesame-open"})
    assert redactor.data(b"\xff\0sesame-open\xfe") == b"\xff\0[redacted: value of A_KEY]\xfe"
    assert redactor.data(b"\xff\0\xfe") == b"\xff\0\xfe"


PIECES = [piece for kind in LOOKS.values() for secret in kind for piece in (secret, secret[:7])]
TEXTS = st.lists(
    st.text(max_size=12)
    | st.sampled_from([*PIECES, "[redacted: ", "]", "token=", "://", "@", ":", "a1" * 9, " ", '"'])
).map("".join)
VALUES = st.text(min_size=8, max_size=20) | st.sampled_from(PIECES)


@given(TEXTS, st.lists(VALUES, max_size=3), st.text(max_size=4))
def test_nothing_survives_nothing_raises_and_twice_is_once(
    text: str, values: list[str], between: str
) -> None:
    marks = " ".join(
        [*(p.mark for p in PATTERNS), *(f"[redacted: value of V{n}]" for n in range(3))]
    )
    assume(not any(value in marks for value in values))
    redactor = Redactor({f"V{n}": value for n, value in enumerate(values)})
    struck = redactor.text(text + between.join(values) + text)
    assert not any(len(v) >= 8 and v in struck for v in values if v.strip())
    assert redactor.text(struck) == struck


@given(st.binary(max_size=300))
def test_any_bytes_can_be_redacted(data: bytes) -> None:
    assert isinstance(PLAIN.data(data), bytes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["eyJa", "sk-", "-----BEGIN PRIVATE KEY-----", "://a:", "a@://", "token= '", "glpat-", "x: \t"],
)
def test_ten_megabytes_of_the_worst_text_are_finished(piece: str) -> None:
    text = piece * (10 * 2**20 // len(piece))
    struck = Redactor({"A_TOKEN": "never-here"}).text(text)
    assert len(struck) <= 2 * len(text)
