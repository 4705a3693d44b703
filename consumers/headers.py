"""The headers that travel with a hypothesis from the diverger to the converger, beside its fixed fields."""

OBSERVED_HEADER = "observed"
"""Event time in seconds since the epoch from which a hypothesis counts: never before the watermark sent ahead of it."""
URL_HEADER = "url"
"""The address of the text."""
WORDS_HEADER = "words"
"""The words that decided its stance, as a JSON list."""
