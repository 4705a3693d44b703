"""What a text says of its stance by itself, whatever the mix of stances was in the texts that its pack learnt from.

A calibrated probability has that mix in it as its prior: where two posts in three are neutral, a doubtful one is read as
neutral. A stream has another mix, and what is usual of a subject is learnt from its own past, so a prior from elsewhere only
hides what is rare there.
"""

from groundswell.messages import Stance
from groundswell.settings import ReadingSettings
from model.card import Prior, read_card
from model.folders import pack_folders


def even(stance: Stance, prior: Prior | None) -> Stance:
    """``stance`` as it would be had all three been equally common in training; as it is where ``prior`` is not known.

    p'(c) is proportional to p(c) / prior(c) (Saerens, Latinne & Decaestecker 2002, eq. 2.4, with equal new priors).
    """
    if prior is None:
        return stance
    shares = {name: share / getattr(prior, name) for name, share in stance}
    total = sum(shares.values())
    return Stance(**{name: share / total for name, share in shares.items()})


def priors(settings: ReadingSettings | None = None) -> dict[str, Prior]:
    """Language -> the mix of stances in the training of its pack, where the card in its folder tells it.

    Raises FatalError in one line when a card is missing or wrong.
    """
    found = {language: read_card(folder).stance_prior for language, folder in pack_folders(settings).items()}
    return {language: prior for language, prior in found.items() if prior is not None}


class Priors:
    """The `priors` of the packs in force, read again once a text was read by another one: packs are taken up while running."""

    def __init__(self, settings: ReadingSettings) -> None:
        self._settings = settings
        self._latest = priors(settings)
        self._known: dict[str, dict[str, Prior | None]] = {}

    def of(self, language: str, model: str) -> Prior | None:
        """The mix that the pack behind ``model`` has learnt, where its card tells it. Raises FatalError as `priors`."""
        known = self._known.setdefault(language, {})
        if model not in known:
            if known:
                self._latest = priors(self._settings)
            known[model] = self._latest.get(language)
        return known[model]
