"""Do the words that are told decide the answer? Four ways of finding them, each judged by deleting what it names.

    python tests/benchmarks/faithfulness.py PACK DATA.jsonl --head stance|topic [--texts 200] [--share 0.2]

For each text the leading stance, or the first topic, is explained by

- last: what each token's last hidden state adds to the logit (exact for a linear head over mean-pooled states)
- gradient: gradient times input over the word embeddings
- integrated: integrated gradients over the word embeddings, 16 steps, from [PAD] (Sundararajan et al. 2017)
- leave-one-out: how much the log-odds fall when the word alone is deleted

and then the top fifth of the words that may be told (no signs, no linking words) is deleted. Told are the mean loss of the
answer's probability (comprehensiveness, DeYoung et al. 2020, ERASER), its ratio to the loss when as many of the same words
are deleted at random, the p-value of a paired Wilcoxon signed-rank test of the two, the rank correlation (Spearman) with
integrated gradients, and the time a text takes.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr, wilcoxon
from transformers import BertModel

from groundswell.settings import load
from model import adapter
from model.bases import base_folder, load_bert
from model.card import STANCES, Card, read_card
from model.cleaning import clean
from model.folders import pack_folders
from model.heads import Heads
from model.masking import Span
from model.pack import Pack, Prediction
from model.tokenizer import Piece, cut, load_tokenizer
from model.words import tellable, without, words_of

STEPS = 16
DRAWS = 10
LEAST_WORDS = 5
SEED = 7


@dataclass(frozen=True)
class Case:
    """A text of one piece, its words that may be told, and the answer that is explained."""

    text: str
    words: tuple[Span, ...]
    piece: Piece
    answer: str
    probability: float


Method = Callable[[Case], np.ndarray]


class Lens:
    """The encoder of a pack with gradients, in fp32: what the gradient methods look through."""

    def __init__(self, folder: Path, cache: Path, head: str) -> None:
        self.card, self.head = read_card(folder), head
        base = base_folder(self.card.base, cache)
        self.tokenizer = load_tokenizer(base)
        self.model: BertModel = load_bert(base).eval()
        parameters = dict(self.model.named_parameters())
        with torch.no_grad():
            for name, delta in adapter.deltas(adapter.read(folder, "adapter"), self.card).items():
                parameters[name].add_(delta)
        self.heads = Heads(self.card.groups, int(self.model.config.hidden_size)).eval()
        self.heads.load_state_dict({name: value.float() for name, value in adapter.read(folder, "heads").items()})
        for parameter in (*self.model.parameters(), *self.heads.parameters()):
            parameter.requires_grad_(requires_grad=False)

    def last(self, case: Case) -> np.ndarray:
        """The share of each word in the answer's logit, by the last hidden states of its tokens."""
        with torch.inference_mode():
            hidden = self.model(input_ids=torch.tensor([case.piece.ids])).last_hidden_state[0]
        group, label = self._label(case)
        weight = self.heads.weight(group)
        shares = (hidden @ weight.T).numpy()
        gains = shares[:, label]
        if self.card.group(group).kind == "softmax":
            gains = gains - np.delete(shares, label, axis=1).mean(axis=1)
        return _by_word(case, gains - gains.mean())

    def _label(self, case: Case) -> tuple[str, int]:
        """Group and position of the label that says most of the answer."""
        if self.head == "stance":
            return "stance", STANCES.index(case.answer)
        with torch.inference_mode():
            logits = self.heads(self._pooled(self.model.embeddings.word_embeddings(torch.tensor([case.piece.ids]))))
        found = [
            (float(logits[group.name][0, position]), group.name, position)
            for group in self.card.groups
            for position, label in enumerate(group.labels)
            if case.answer in group.topics.get(label, ())
        ]
        return max(found)[1:] if found else (self.card.groups[-1].name, len(self.card.groups[-1].labels) - 1)

    def gradient(self, case: Case) -> np.ndarray:
        """Gradient times input."""
        inputs = self.model.embeddings.word_embeddings(torch.tensor([case.piece.ids]))
        return _by_word(case, (self._slope(inputs, case)[0] * inputs[0]).sum(dim=1).numpy())

    def integrated(self, case: Case) -> np.ndarray:
        """Integrated gradients by the midpoint rule; [CLS] and [SEP] stand in the baseline too."""
        ids = torch.tensor([case.piece.ids])
        blank = torch.zeros_like(ids)
        blank[0, 0], blank[0, -1] = ids[0, 0], ids[0, -1]
        lookup = self.model.embeddings.word_embeddings
        start, difference = lookup(blank), lookup(ids) - lookup(blank)
        at = (torch.arange(STEPS) + 0.5) / STEPS
        slopes = self._slope(start + at.view(-1, 1, 1) * difference, case)
        return _by_word(case, (slopes.mean(dim=0) * difference[0]).sum(dim=1).numpy())

    def _slope(self, inputs: torch.Tensor, case: Case) -> torch.Tensor:
        inputs = inputs.detach().requires_grad_()
        with torch.enable_grad():
            value = self.log_odds(self.heads(self._pooled(inputs)), case.answer).sum()
            (slope,) = torch.autograd.grad(value, inputs)
        return slope

    def _pooled(self, inputs: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = self.model(inputs_embeds=inputs).last_hidden_state.mean(dim=1)
        return pooled

    def log_odds(self, logits: dict[str, torch.Tensor], answer: str) -> torch.Tensor:
        """The log-odds (rows,) of a stance or of a topic, as ``topic_probabilities`` combines labels."""
        if self.head == "stance":
            share = torch.softmax(logits["stance"] / self.card.group("stance").temperature, dim=1)[:, STANCES.index(answer)]
        else:
            absent = torch.stack([self._absent(logits, name) for name in self._topics(answer)]).prod(dim=0)
            share = absent if answer == "general" and answer not in _topics(self.card) else 1 - absent
        return torch.logit(share, eps=1e-6)

    def _topics(self, answer: str) -> Sequence[str]:
        known = _topics(self.card)
        return [answer] if answer in known else known

    def _absent(self, logits: dict[str, torch.Tensor], topic: str) -> torch.Tensor:
        absent = torch.ones(len(logits["stance"]))
        for group in self.card.groups:
            columns = [place for place, label in enumerate(group.labels) if topic in group.topics.get(label, ())]
            scaled = logits[group.name] / group.temperature
            if group.kind == "softmax":
                absent = absent * (1 - torch.softmax(scaled, dim=1)[:, columns].sum(dim=1))
            else:
                absent = absent * (1 - torch.sigmoid(scaled)[:, columns]).prod(dim=1)
        return absent


def _topics(card: Card) -> list[str]:
    return sorted({topic for group in card.groups for topics in group.topics.values() for topic in topics})


def _by_word(case: Case, gains: np.ndarray) -> np.ndarray:
    """The sum over its tokens for each word."""
    return np.array(
        [
            sum(
                gain
                for (start, end), gain in zip(case.piece.spans, gains, strict=True)
                if end > word.start and start < word.end
            )
            for word in case.words
        ]
    )


def leave_one_out(pack: Pack, head: str) -> Method:
    """How much the log-odds of the answer fall without each word."""

    def scores(case: Case) -> np.ndarray:
        found = pack.predict([case.text, *(without(case.text, [word]) for word in case.words)])
        odds = np.array([_logit(probability(one, head, case.answer)) for one in found])
        return np.asarray(odds[0] - odds[1:])

    return scores


def _logit(share: float) -> float:
    kept = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(kept / (1 - kept)))


def probability(found: Prediction, head: str, answer: str) -> float:
    """The probability of ``answer``, a stance or a topic, in ``found``."""
    return found.stance[STANCES.index(answer)] if head == "stance" else found.topics[answer]


def cases(pack: Pack, lens: Lens, path: Path, most: int) -> list[Case]:
    """The first ``most`` texts of one piece with words enough."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        text = clean(json.loads(line)["text"])
        words = tuple(word for word in words_of(text) if tellable(text, word))
        ((pieces, _),) = cut(lens.tokenizer, [text], lens.card.max_tokens, most=2)
        if len(words) < LEAST_WORDS or len(pieces) > 1:
            continue
        (read,) = pack.predict([text])
        answer = STANCES[int(np.argmax(read.stance))] if lens.head == "stance" else read.topic_set[0]
        found.append(Case(text, words, pieces[0], answer, probability(read, lens.head, answer)))
        if len(found) == most:
            break
    return found


def losses(pack: Pack, head: str, chosen: Sequence[Case], choices: Sequence[Sequence[Sequence[Span]]]) -> list[float]:
    """For each case the mean of what the answer's probability loses when one of its ``choices`` of words is deleted."""
    left = [without(case.text, words) for case, options in zip(chosen, choices, strict=True) for words in options]
    found = iter(pack.predict(left))
    return [
        case.probability - float(np.mean([probability(next(found), head, case.answer) for _ in options]))
        for case, options in zip(chosen, choices, strict=True)
    ]


def judge(pack: Pack, lens: Lens, chosen: Sequence[Case], share: float) -> Iterator[str]:
    """One line on random words, then one a method."""
    many = [max(1, round(share * len(case.words))) for case in chosen]
    draw = random.Random(SEED)  # noqa: S311 a sample, no secret
    sampled = [[draw.sample(case.words, k) for _ in range(DRAWS)] for case, k in zip(chosen, many, strict=True)]
    chance = losses(pack, lens.head, chosen, sampled)
    yield f"{len(chosen)} texts, {np.mean(many):.1f} words deleted, at random {np.mean(chance):.4f}"
    methods = {"integrated": lens.integrated, "gradient": lens.gradient, "last": lens.last}
    reference: list[np.ndarray] = []
    for name, method in (methods | {"leave-one-out": leave_one_out(pack, lens.head)}).items():
        began = time.perf_counter()
        scores = [method(case) for case in chosen]
        took = (time.perf_counter() - began) / len(chosen)
        reference = reference or scores
        best = [np.argsort(-score)[:k] for score, k in zip(scores, many, strict=True)]
        lost = losses(pack, lens.head, chosen, [[[case.words[i] for i in top]] for case, top in zip(chosen, best, strict=True)])
        agree = np.nanmean([spearmanr(one, other).statistic for one, other in zip(scores, reference, strict=True)])
        p_value = wilcoxon(lost, chance, alternative="greater").pvalue
        yield (
            f"{name:>14}  loss {np.mean(lost):.4f}  ratio {np.mean(lost) / np.mean(chance):5.2f}  p {p_value:.1g}  "
            f"agreement {agree:.2f}  {took * 1000:.0f} ms a text"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", help="language of a shipped pack, or a pack folder")
    parser.add_argument("data", type=Path, help="texts as JSON lines")
    parser.add_argument("--head", choices=("stance", "topic"), default="stance")
    parser.add_argument("--texts", type=int, default=200, help="how many are read")
    parser.add_argument("--share", type=float, default=0.2, help="of the words that are deleted")
    args = parser.parse_args()
    cache = load().cache_dir
    folder = pack_folders().get(args.pack, Path(args.pack))
    pack, lens = Pack.load(folder, cache), Lens(folder, cache, args.head)
    for line in judge(pack, lens, cases(pack, lens, args.data, args.texts), args.share):
        print(line, flush=True)


if __name__ == "__main__":
    main()
