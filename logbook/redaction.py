"""A net below the rule that secrets are not logged: what looks like one is masked.

Nothing relies on it; the rule is that no line of ours names a secret. Libraries of others do not know it.
"""

import re

from settings import SECRET_QUERY

MASK = "****"
_HEADERS = (
    r"(?:proxy-)?authorization|x-api-key|x-goog-api-key|api-key|set-cookie|cookie|x-admin-token|x-csrf-token"
)
_COOKIES = r"__Secure-[\w-]+|__Host-[\w-]+|S?APISID|HSID|SSID|SID|LSID|NID|OSID"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # a header as text, as a pair of strings or bytes, as JSON
    (re.compile(rf"(?i)\b({_HEADERS})(['\"]?\s*[:=,]\s*b?['\"]?)[^'\"\r\n]+"), rf"\1\2{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic|SAPISID\w*HASH)\s+[^\s'\",]+"), rf"\1 {MASK}"),
    (re.compile(rf"\b({_COOKIES})=[^;\s'\"]+"), rf"\1={MASK}"),
    (
        re.compile(rf"""(['"]name['"]:\s*['"](?:{_COOKIES})['"],\s*['"]value['"]:\s*['"])[^'"]+"""),
        rf"\1{MASK}",
    ),
    (SECRET_QUERY, rf"\1{MASK}"),
    (re.compile(r"//[^\s/@]+@"), f"//{MASK}@"),
    (re.compile(r"\bAIza[\w-]{20,}|\bsk-[\w-]{16,}|\bya29\.[\w.-]+"), MASK),
)


def redact(text: str) -> str:
    """The same text without what looks like a secret."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
