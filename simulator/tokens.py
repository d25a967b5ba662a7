"""The token estimate used everywhere in the simulator: one token for every 4 UTF-8 bytes, rounded up."""

BYTES_PER_TOKEN = 4
TOKENS_PER_MEDIUM = 258
"""What one attachment counts, whatever its size (the price of a small image on the real site)."""


def token_count(text: str) -> int:
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def first_tokens(text: str, tokens: int) -> str:
    """The longest beginning of `text` that counts at most `tokens`; never cuts a character."""
    return text.encode()[: tokens * BYTES_PER_TOKEN].decode(errors="ignore")
