"""What secrets look like: formats that their issuers document, and assignments that name one.

Every expression takes time linear in the text: it begins at a fixed text or where a run of
characters begins, and what follows is bounded or can not fail after an unbounded part. A run is
taken whole, so that what is left beside a mark is never the beginning of another secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


def mark(what: str) -> str:
    """What stands in a secret's place; the same each time, and no pattern's match."""
    return f"[redacted: {what}]"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of secret.

    Args:
        mark: what stands in its place.
        hints: of these, one is in every text that holds such a secret: a quick way out.
        expression: the secret; if it has a group, only what the group matched is struck out.
        folded: hints are in lower case, and any case counts.
    """

    mark: str
    hints: tuple[str, ...]
    expression: re.Pattern[str]
    folded: bool = False

    def strike(self, text: str) -> str:
        """``text`` with every secret of this kind replaced."""
        looked_at = text.lower() if self.folded else text
        if not any(hint in looked_at for hint in self.hints):
            return text
        return self.expression.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        if not self.expression.groups:
            return self.mark
        start, end = match.span(1)
        whole = match.group()
        return whole[: start - match.start()] + self.mark + whole[end - match.start() :]


_START: Final = r"(?<![A-Za-z0-9_-])"
"""Not in the middle of a word; also what keeps unbounded runs from being tried at each character."""

_SOURCES: Final = (
    # PEM and OpenSSH private keys: RFC 7468, RFC 1421, openssh PROTOCOL.key. First, for the longest.
    (
        "private key",
        "PRIVATE KEY-----",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s\\:,]|-(?!----)){16,}"
        r"(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?",
    ),
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, unique identifiers
    ("AWS access key", "AKIA ASIA ABIA ACCA", _START + r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,}\b"),
    # github.blog, "Behind GitHub's new authentication token formats"
    (
        "GitHub token",
        "gh github_pat_",
        _START + r"(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    # docs.gitlab.com/security/tokens, token prefixes
    (
        "GitLab token",
        "gl GR1348941",
        _START + r"(?:gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{20,}"
        r"|GR1348941[A-Za-z0-9_-]{20,})",
    ),
    # docs.anthropic.com, API keys; before OpenAI's, whose prefix is the beginning of this one
    ("Anthropic key", "sk-ant-", _START + r"sk-ant-[A-Za-z0-9_-]{20,}"),
    # platform.openai.com, API keys: legacy, project, service account and admin keys
    ("OpenAI key", "sk-", _START + r"sk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{20,}"),
    # cloud.google.com/docs/authentication/api-keys; OAuth 2.0 access tokens and client secrets
    (
        "Google key",
        "AIza ya29. GOCSPX-",
        _START + r"(?:AIza[A-Za-z0-9_-]{35,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28,})",
    ),
    # api.slack.com/concepts/token-types and incoming webhooks
    (
        "Slack token",
        "xox xapp- hooks.slack.com",
        _START + r"(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,})"
        r"|hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/+_-]{20,}",
    ),
    # docs.stripe.com/keys and webhook signing secrets
    (
        "Stripe key",
        "sk_ rk_ whsec_",
        _START + r"(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,})",
    ),
    # docs.npmjs.com, "About access tokens"
    ("npm token", "npm_", _START + r"npm_[A-Za-z0-9]{36,}"),
    # pypi.org/help/#apitoken and github.com/pypi/warehouse, macaroons
    ("PyPI token", "pypi-", _START + r"pypi-[A-Za-z0-9_-]{50,}"),
    # RFC 7519 and RFC 7515: base64url of an object that begins with {", twice, and a signature
    (
        "JSON web token",
        "eyJ",
        _START + r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
    ),
    # RFC 3986, section 3.2.1: a password, or a long name that is a token
    (
        "password in a URL",
        "://",
        r"(?<=://)(?:[^\s/:@?#]{0,200}:)(?!\[redacted:)([^\s/@]{1,500})@",
    ),
    ("user in a URL", "://", r"(?<=://)([^\s/:@?#\[]{16,300})@"),
    # RFC 9110, section 11.6.2
    (
        "authorization",
        "uthorization UTHORIZATION",
        r"(?i:authorization)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?i:bearer|basic|token)\s{1,3}"
        r"([A-Za-z0-9._~+/=-]{8,})",
    ),
)
_NAMED: Final = (
    r"(?i:api[_-]?key|secret|token|passw(?:or)?d|passphrase|credential|access[_-]?key|private[_-]?key)"
    r"[A-Za-z0-9_-]{0,30}[\"']?\s{0,3}(?:=>|[:=])\s{0,3}"
)
_NAMES: Final = (
    *("api_key", "apikey", "api-key", "secret", "token", "passw", "passphrase", "credential"),
    *("access_key", "accesskey", "access-key", "private_key", "privatekey", "private-key"),
)
_ASSIGNED: Final = (
    # A text in quotes with a digit in it; code such as secret = "name" stays.
    _NAMED + r"[\"'](?=[^\"'\s]{0,200}\d)([^\"'\s\[\]]{8,500})[\"']",
    # Without quotes it must look random: a digit and a letter, and neither a call nor an index.
    _NAMED
    + r"(?=[A-Za-z_/+.=-]{0,64}\d)(?=[^A-Za-z\s]{0,64}[A-Za-z])([A-Za-z0-9_/+=-]{12,500})(?![\w(.\[/+=-])",
)


def _patterns() -> Iterator[Pattern]:
    for what, hints, expression in _SOURCES:
        yield Pattern(
            mark(what),
            tuple(hints.split(" ") if what != "private key" else (hints,)),
            re.compile(expression),
        )
    for expression in _ASSIGNED:
        yield Pattern(mark("named secret"), _NAMES, re.compile(expression), folded=True)


PATTERNS: Final = tuple(_patterns())
