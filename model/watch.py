"""What Prometheus is told of the readings: how sure they are, how many, of what, and how far they drift."""

from collections.abc import Callable, Mapping

from groundswell import metrics
from groundswell.messages import Stance
from model.abstention import counted, unsure
from model.card import STANCES, Mix
from model.drift import Window, stability_index
from model.reader import Reading

WINDOW = 2_000
"""Texts of one language over which drift is told."""

Mixes = Callable[[], Mapping[str, Mix | None]]


class Watch:
    """Counts readings; ``mixes`` gives the training mix of the pack in force for each language, if it is known."""

    def __init__(self, mixes: Mixes) -> None:
        self._mixes = mixes
        self._drifts: dict[str, _Drift] = {}

    def count(self, reading: Reading) -> None:
        """Count one text that was read."""
        language = metrics.language_label(reading.language)
        metrics.TEXTS_READ.labels(language).inc()
        metrics.HYPOTHESES.labels(language).inc(len(reading.hypotheses))
        if not reading.hypotheses:
            return
        first = reading.hypotheses[0]
        metrics.SET_SIZE.labels(language).observe(len(reading.hypotheses))
        metrics.CONFIDENCE.labels(language, "reading").observe(first.probability)
        metrics.CONFIDENCE.labels(language, "stance").observe(max(_shares(first.stance).values()))
        metrics.FIRST_TOPICS.labels(language, first.subject.topic or "none").inc()
        metrics.UNSURE.labels(language).inc(unsure(first.stance))
        for name, share in _shares(counted(first.stance)).items():
            metrics.STANCE_MASS.labels(language, name).inc(share)
        if first.truncated:
            metrics.TRUNCATED.labels(language).inc()
        self._drift(reading.language, first.subject.topic or "none", first.stance)

    def _drift(self, language: str, topic: str, stance: Stance) -> None:
        mix = self._mixes().get(language)
        if mix is None:
            return
        drift = self._drifts.get(language)
        if drift is None or drift.mix != mix:
            # Another pack reads otherwise: what the one before it read says nothing of the new one's drift.
            drift = self._drifts[language] = _Drift(mix)
        drift.add(topic, stance)
        for name, value in drift.indices().items():
            metrics.DRIFT.labels(metrics.language_label(language), name).set(value)


class _Drift:
    """The windows of one language beside the training mix of its pack."""

    def __init__(self, mix: Mix) -> None:
        self.mix = mix
        self._topics, self._stances = Window(WINDOW), Window(WINDOW)

    def add(self, topic: str, stance: Stance) -> None:
        self._topics.add({topic: 1.0})
        self._stances.add(_shares(stance))

    def indices(self) -> dict[str, float]:
        """``topic`` and ``stance`` -> the population stability index, once there are texts enough."""
        pairs = {"topic": (self._topics.mix(), self.mix.topics), "stance": (self._stances.mix(), self.mix.stances)}
        return {name: stability_index(now, then) for name, (now, then) in pairs.items() if now is not None}


def _shares(stance: Stance) -> dict[str, float]:
    return {name: getattr(stance, name) for name in STANCES}
