"""What is taken for the share of a stance in a subject's texts while little is known of it."""

SHARE = 0.3
SHARE_TEXTS = 4.0
"""How many texts `SHARE` counts as."""
CONCENTRATION = 30.0
"""a + b of the beta distribution that the share of an hour follows around its mean: moods go together."""
