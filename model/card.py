"""A pack's card: what its labels mean, how it was trained, how well it reads, what it must read right at start-up.

Labels come from here and never from positions in somebody's file: a card with LABEL_0 in it is refused.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from groundswell.errors import FatalError
from groundswell.messages import first_line
from model.taxonomy import Taxonomy
from model.taxonomy import load as load_taxonomy

STANCES = ("negative", "neutral", "positive")
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """What all parts of a card share: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Group(Part):
    """Labels that one head tells apart: exactly one holds (softmax) or any number (sigmoid).

    ``topics`` maps a label to the taxonomy's topics; a label that is missing there speaks of no topic. ``temperature``
    divides the logits.
    """

    name: str
    kind: Literal["softmax", "sigmoid"]
    labels: tuple[str, ...]
    topics: dict[str, tuple[str, ...]] = {}
    temperature: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _labels_mean_something(self, info: ValidationInfo) -> Self:
        nameless = [label for label in self.labels if re.fullmatch(r"(?i)label_?\d+|\d+", label)]
        if nameless:
            raise ValueError(f"label {nameless[0]} of group {self.name} is a position, not a meaning")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"group {self.name} names a label twice")
        if unknown := set(self.topics) - set(self.labels):
            raise ValueError(f"group {self.name} maps {min(unknown)}, which is none of its labels")
        taxonomy: Taxonomy = (info.context or {}).get("taxonomy") or load_taxonomy()
        if lost := {topic for topics in self.topics.values() for topic in topics} - set(taxonomy.topics):
            raise ValueError(f"group {self.name} maps to {min(lost)}, which the taxonomy does not know")
        return self


class Conformal(Part):
    """A topic is kept from its own threshold in ``topics`` on, else from ``threshold``.

    They were fitted on ``rows`` held-out rows so that all right topics of a text are kept with ``coverage``.
    """

    coverage: Share = 0.9
    threshold: Share = 0.5
    topics: dict[str, Share] = {}
    rows: int = 0

    def threshold_of(self, topic: str) -> float:
        """The probability from which ``topic`` is kept."""
        return self.topics.get(topic, self.threshold)


class StanceSets(Part):
    """A stance is kept from its own threshold in ``stances`` on, else from ``threshold``; the likeliest one always.

    They were fitted on ``rows`` held-out rows so that the right stance is kept with ``coverage``, whichever it is.
    """

    coverage: Share = 0.9
    threshold: Share
    stances: dict[str, Share] = {}
    rows: int

    def threshold_of(self, stance: str) -> float:
        """The probability from which ``stance`` is kept."""
        return self.stances.get(stance, self.threshold)


class Prior(Part):
    """The mix of stances that the stance head has learnt, by the weight of its labels: what it expects of a text unread."""

    negative: Annotated[float, Field(gt=0, lt=1)]
    neutral: Annotated[float, Field(gt=0, lt=1)]
    positive: Annotated[float, Field(gt=0, lt=1)]


class TrainingSet(Part):
    """``<name>_train.jsonl``: the ``field`` of a row holds its label or labels in ``group``."""

    name: str
    field: str
    group: str


class Weak(Part):
    """Rows of ``set`` count with a small ``weight`` as ``label`` of ``group``, save those labelled one of ``but``."""

    set: str
    group: str
    label: str
    weight: Share
    but: tuple[str, ...] = ()


def _power(value: object) -> object:
    return {True: 0.5, False: 0.0}[value] if isinstance(value, bool) else value


class Recipe(Part):
    """How the weights and the heads are trained. Lengths in tokens, rates per step at their peak.

    ``method`` is ``lora`` (adapters beside frozen weights) or ``full`` (all layers, whose difference to the base is kept
    at ``rank``; ``alpha`` plays no part). ``layer_decay`` is the rate of each layer as a share of the next higher one's.
    ``drop`` of the tokens are left out of a text each time it is read, and ``dropout`` of its pooled values. ``smoothing``
    of a softmax target is spread over all its labels. ``final_rate`` is the share of the peak at which the rates end;
    what ships is the exponential average of the weights over about the last ``average`` of all steps (0: their last
    state). Training stops after ``patience`` epochs without a better held-out loss.

    ``r_drop`` has each batch read twice, with other tokens and values dropped, and weighs how far the two readings differ
    (the mean of both Kullback-Leibler divergences) against their mean cross-entropy: Liang et al. 2021, R-Drop. It costs a
    second pass, and nothing differs unless ``drop`` or ``dropout`` is on. ``class_weights`` is the power by which a rare
    label's errors cost more: a label of frequency f weighs f ** -power, scaled so that the weights average to 1 over the
    training texts of its group; ``true`` is 0.5, the inverse square root. Probabilities then lean towards rare labels.
    ``precision`` is that of the encoder's passes in training, ``fp32`` or ``bf16`` (weights and optimizer stay fp32);
    ``auto`` is bf16 on a GPU and fp32 on a CPU: one without AVX-512 or its like only emulates bf16, many times slower.
    ``word_rank`` is the rank of the change of the word embeddings, at the rate of the heads; with 0 they stay as they are.
    ``hidden_dropout`` of the values are dropped inside the encoder, where BERT has its dropout: embeddings, attention, layers.
    """

    method: Literal["lora", "full"] = "lora"
    epochs: Annotated[int, Field(ge=1)] = 3
    rate: float = 1e-3
    head_rate: float = 2e-3
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    warmup: Share = 0.06
    final_rate: Share = 0.0
    decay: float = 0.01
    drop: Annotated[float, Field(ge=0, lt=1)] = 0.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    average: Share = 0.0
    patience: Annotated[int, Field(ge=1)] = 2
    rank: Annotated[int, Field(ge=1)] = 16
    alpha: float = 32.0
    max_tokens: Annotated[int, Field(ge=8)] = 128
    batch_tokens: Annotated[int, Field(ge=8)] = 1024
    batch_rows: Annotated[int, Field(ge=1)] = 48
    seed: int = 7
    sets: tuple[TrainingSet, ...] = ()
    weak: tuple[Weak, ...] = ()
    # Later options are no part of the recipe's repr, and so of no fingerprint, while they are off: see fingerprint.
    r_drop: Annotated[float, Field(ge=0, repr=False)] = 0.0
    class_weights: Annotated[float, Field(ge=0, le=1, repr=False), BeforeValidator(_power)] = 0.0
    word_rank: Annotated[int, Field(ge=0, repr=False)] = 0
    hidden_dropout: Annotated[float, Field(ge=0, lt=1, repr=False)] = 0.0
    precision: Annotated[Literal["auto", "fp32", "bf16"], Field(repr=False)] = "auto"


class Source(Part):
    """One set of data that the pack has learnt from."""

    name: str
    what: str
    licence: str
    rows: int


class Figure(Part):
    """What was measured on one set, and the command that measures it again."""

    set: str
    rows: int
    accuracy: float
    micro_f1: float
    macro_f1: float
    command: str


class Parent(Part):
    """A trained pack whose weights count with ``share`` in a mean of several, and the recipe that trained it."""

    name: str
    version: str
    share: Share
    recipe: Recipe


class Mix(Part):
    """What the pack reads in ``texts`` held-out training texts: the mean stance, and the shares of the first topics."""

    texts: int
    stances: dict[str, Share]
    topics: dict[str, Share]


class Canned(Part):
    """A sentence that the pack must read right: its stance, and topics that must be among those kept."""

    text: str
    stance: Literal["negative", "neutral", "positive"]
    topics: tuple[str, ...] = ()


class Card(Part):
    """The whole card."""

    name: str
    version: str
    language: str
    base: str
    base_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of the weights file, where the base is a folder or from a hub; a pinned base carries its own."""
    pooling: Literal["mean"] = "mean"
    max_tokens: Annotated[int, Field(ge=8)] = 512
    intended_use: str
    limits: str
    groups: tuple[Group, ...]
    conformal: Conformal = Conformal()
    stance_sets: StanceSets | None = None
    """None in a card that was calibrated before there were any: its pack then tells no sets of stances."""
    stance_prior: Prior | None = None
    """None in a card that was calibrated before there was one: its stances then count as they are read."""
    recipe: Recipe = Recipe()
    mean_of: tuple[Parent, ...] = ()
    """Of which packs' weights these are the mean (see ``average``); none where they are as the recipe trained them."""
    data: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()
    mix: Mix | None = None
    self_test: tuple[Canned, ...] = ()

    @model_validator(mode="after")
    def _has_a_stance_head(self) -> Self:
        if not any(group.name == "stance" and group.labels == STANCES for group in self.groups):
            raise ValueError(f"there must be a group stance with the labels {', '.join(STANCES)}")
        known = {group.name for group in self.groups}
        trained = {item.group for item in self.recipe.sets} | {item.group for item in self.recipe.weak}
        if lost := trained - known:
            raise ValueError(f"the recipe trains group {min(lost)}, which the card does not have")
        return self

    def group(self, name: str) -> Group:
        """The group called ``name``; FatalError when the card has none."""
        for group in self.groups:
            if group.name == name:
                return group
        known = ", ".join(group.name for group in self.groups)
        raise FatalError(f"pack {self.name}: no group {name!r}; it has {known}")


def read_card(folder: Path) -> Card:
    """The card of the pack in ``folder``, its labels mapped to the topics that ship or to those of its own taxonomy.yaml.

    Raises FatalError that names the field in one line when it is missing or wrong.
    """
    path = folder / "card.yaml"
    try:
        return Card.model_validate(yaml.safe_load(path.read_text("utf-8")), context={"taxonomy": load_taxonomy(folder)})
    except OSError as error:
        raise FatalError(f"pack: {path} cannot be read ({error.strerror}); a pack is a folder with a card.yaml") from None
    except yaml.YAMLError as error:
        raise FatalError(f"pack: {path} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise FatalError(f"pack: {path}: {first_line(error)}") from None


def write_card(card: Card, folder: Path) -> None:
    """Write ``card`` into ``folder`` in one step."""
    content = yaml.safe_dump(card.model_dump(mode="json"), allow_unicode=True, sort_keys=False, width=120)
    making = folder / ".card.yaml"
    making.write_text(content, "utf-8")
    making.chmod(0o644)
    making.replace(folder / "card.yaml")
