"""Stories: copies, reposts and light edits of one text share a hash."""

import re
from hashlib import blake2b

from model.cleaning import HANDLE, LINK

_REPOST = re.compile(rf"^\s*rt\s+(?={HANDLE})", re.IGNORECASE)
_TOKENS = re.compile(f"{re.escape(LINK)}|{HANDLE}", re.IGNORECASE)


def story_hash(cleaned: str) -> str:
    """16 hexadecimal digits, the same for cleaned texts that differ only in what adds nothing to their story.

    That is case, punctuation, emoji, white space, URLs, handles and the RT before a handle. A text of nothing else is
    its own story.
    """
    told = _TOKENS.sub("", _REPOST.sub("", cleaned)).casefold()
    normal = "".join(character for character in told if character.isalnum())
    return blake2b((normal or cleaned).encode("utf-8", "replace"), digest_size=8).hexdigest()
