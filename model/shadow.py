"""A shadow pack: reads a share of the texts beside the pack in force and is only measured, never heard.

It has a thread and a short queue of its own. What it cannot keep up with is dropped, what it fails at is counted; the pack in
force waits for neither.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from queue import Full, Queue

import numpy as np

from groundswell import log, metrics
from groundswell.errors import GroundswellError
from model.pack import Prediction
from model.reader import Predictor, Seen

WAITING = 8
"""Batches that may wait for the shadow."""
TELL_EVERY = 1_000
"""Texts after which the log says how far both agree."""


@dataclass
class Agreement:
    """How far the shadow and the pack in force agreed so far."""

    texts: int = 0
    stance: int = 0
    topic: int = 0
    gap: float = 0.0
    """Sum of the absolute differences of the probability of negative."""


class Shadow:
    """Measures what ``load`` gives against the pack in force for ``language``, on a ``share`` of the texts."""

    def __init__(self, language: str, load: Callable[[], Predictor], share: float) -> None:
        self.agreement = Agreement()
        self._language = metrics.language_label(language)
        self._load = load
        self._share = share
        self._queue: Queue[list[Seen]] = Queue(WAITING)
        for reason in ("busy", "failed"):  # at 0: a rate misses what a series is born with
            metrics.SHADOW_LOST.labels(self._language, reason)
        threading.Thread(target=self._run, name=f"shadow-{language}", daemon=True).start()

    def observe(self, seen: Sequence[Seen]) -> None:
        """Take note of what the pack in force has read; returns at once and raises nothing."""
        chosen = [one for one in seen if is_chosen(one.text_id, self._share)]
        if chosen:
            try:
                self._queue.put_nowait(chosen)
            except Full:
                metrics.SHADOW_LOST.labels(self._language, "busy").inc(len(chosen))

    def wait(self) -> None:
        """Wait until all that was taken note of is measured."""
        self._queue.join()

    def _run(self) -> None:
        pack: Predictor | None = None
        try:
            pack = self._load()
        except Exception as error:  # noqa: BLE001 whatever is wrong with it, it is only a shadow
            log.get(__name__).error("no shadow is read", language=self._language, reason=_reason(error))
        while True:
            seen = self._queue.get()
            try:
                if pack is None:
                    metrics.SHADOW_LOST.labels(self._language, "failed").inc(len(seen))
                else:
                    self._measure(seen, pack.predict([one.cleaned for one in seen]))
            except Exception as error:  # noqa: BLE001 the same
                metrics.SHADOW_LOST.labels(self._language, "failed").inc(len(seen))
                log.get(__name__).warning("the shadow failed", language=self._language, reason=_reason(error))
            finally:
                self._queue.task_done()

    def _measure(self, seen: Sequence[Seen], found: Sequence[Prediction]) -> None:
        before = self.agreement.texts // TELL_EVERY
        for one, other in zip(seen, found, strict=True):
            self._count(one.prediction, other)
        if self.agreement.texts // TELL_EVERY > before:
            total = self.agreement
            log.get(__name__).info(
                "the shadow so far",
                language=self._language,
                texts=total.texts,
                same_stance=round(total.stance / total.texts, 4),
                same_topic=round(total.topic / total.texts, 4),
                negative_gap=round(total.gap / total.texts, 4),
            )

    def _count(self, ours: Prediction, shadows: Prediction) -> None:
        same_stance = bool(np.argmax(ours.stance) == np.argmax(shadows.stance))
        same_topic = ours.topic_set[:1] == shadows.topic_set[:1]
        gap = abs(ours.stance[0] - shadows.stance[0])
        total = self.agreement
        total.texts, total.gap = total.texts + 1, total.gap + gap
        total.stance, total.topic = total.stance + same_stance, total.topic + same_topic
        metrics.SHADOW_TEXTS.labels(self._language).inc()
        metrics.SHADOW_AGREEMENT.labels(self._language, "stance").inc(same_stance)
        metrics.SHADOW_AGREEMENT.labels(self._language, "topic").inc(same_topic)
        metrics.SHADOW_GAP.labels(self._language).inc(gap)


def is_chosen(text_id: str, share: float) -> bool:
    """Whether a text is among the ``share`` that is measured: the same texts whenever they are read."""
    place = int.from_bytes(blake2b(text_id.encode("utf-8", "replace"), digest_size=8).digest())
    return place < share * 2**64


def _reason(error: Exception) -> str:
    """The message of an error of ours; of others only the type, since they may hold a text."""
    return str(error) if isinstance(error, GroundswellError) else type(error).__name__
