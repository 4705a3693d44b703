"""A tiny BERT with random weights, and packs made over it, so that these tests need no trained pack."""

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from model import adapter
from model.bases import load_bert
from model.batches import prepare
from model.card import Card, read_card
from model.data import examples
from model.heads import Heads
from model.tokenizer import write_tokenizer
from model.trainer import Trainer

WORDS = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##s", "##ing"),
    *("good", "bad", "fine", "sales", "profit", "fraud", "rise", "fall", "the", "of", "bank", "link", "user"),
    *"好坏平公司股涨跌造假利润",
    *"$,.-'\"[]012abcdefghijklmnopqrstuvwxyz",
]

Dump = dict[str, Any]
MakePack = Callable[..., Path]
FILLERS = list(itertools.product("abcdefghijklm", "nopqrstuvwxyz"))


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a BERT of two layers, sixteen wide, with a tokenizer that was published without lower-casing."""
    folder = tmp_path_factory.mktemp("tiny-bert")
    vocabulary = {word: position for position, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    write_tokenizer(tokenizer.to_str(), folder)
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.4,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Matrices this small are slower on several threads, the more so beside other work."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_sent() -> Iterator[None]:
    """A developer who has Weights & Biases does not see the runs of these tests there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "disabled")
        yield


@pytest.fixture
def card(plain_card: Dump) -> Dump:
    """The plain card, for the test to change."""
    return copy.deepcopy(plain_card)


@pytest.fixture(scope="session")
def plain_card(tiny_base: Path) -> Dump:
    """A card over the tiny base: a stance head, a head of which several labels may hold, one of which one holds."""
    return {
        "name": "tiny",
        "version": "0.0.1",
        "language": "en",
        "base": str(tiny_base),
        "max_tokens": 64,
        "intended_use": "tests",
        "limits": "random weights",
        "groups": [
            {"name": "stance", "kind": "softmax", "labels": ["negative", "neutral", "positive"]},
            {
                "name": "news",
                "kind": "sigmoid",
                "labels": ["sales", "bank", "home"],
                "topics": {"sales": ["earnings"], "bank": ["liquidity"]},
            },
            {
                "name": "event",
                "kind": "softmax",
                "labels": ["forged", "none"],
                "topics": {"forged": ["fraud"]},
            },
        ],
        "recipe": {
            "epochs": 2,
            "rank": 4,
            "alpha": 8,
            "max_tokens": 32,
            "batch_tokens": 128,
            "batch_rows": 8,
            "rate": 0.01,
            "head_rate": 0.02,
            "sets": [
                {"name": "posts", "field": "sentiment", "group": "stance"},
                {"name": "events", "field": "event", "group": "event"},
            ],
            "weak": [{"set": "events", "group": "stance", "label": "negative", "weight": 0.2, "but": ["none"]}],
        },
    }


@pytest.fixture
def make_pack(tmp_path: Path, tiny_base: Path) -> MakePack:
    """Write a pack for a card, its adapter and heads drawn at random, and return its folder."""

    def make(card: Dump) -> Path:
        folder = tmp_path / "pack"
        folder.mkdir(exist_ok=True)
        (folder / "card.yaml").write_text(yaml.safe_dump(card, allow_unicode=True), "utf-8")
        read = read_card(folder)
        torch.manual_seed(5)
        model = load_bert(tiny_base)
        adapter.inject(model, read)
        with torch.no_grad():
            for name, value in model.named_parameters():
                if "lora_B" in name:
                    value.normal_(std=0.2)
        adapter.save(adapter.state(model, read, {}), Heads(read.groups, 16).state_dict(), folder)
        return folder

    return make


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., Path]:
    """Write sets, each a list of rows, as ``<name>_train.jsonl`` and return their folder."""

    def make(**sets: list[Dump]) -> Path:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for name, rows in sets.items():
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (folder / f"{name}_train.jsonl").write_text(lines, "utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def learnable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets that can be learnt from single words."""
    words = {"good": "positive", "bad": "negative", "fine": "neutral"}
    posts = [
        {"text": f"{one} {word} {other}", "sentiment": label} for one, other in FILLERS[:100] for word, label in words.items()
    ]
    events = [{"text": f"{one} fraud {other}", "event": "forged"} for one, other in FILLERS[:60]]
    events += [{"text": f"{one} sales {other}", "event": "none"} for one, other in FILLERS[:60]]
    folder = tmp_path_factory.mktemp("data")
    for name, rows in (("posts", posts), ("events", events)):
        (folder / f"{name}_train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


@pytest.fixture
def make_trainer(card: Dump, learnable: Path, tiny_base: Path) -> Callable[..., Trainer]:
    """Trainers that all start alike, with what the recipe says otherwise."""

    def make(**recipe: object) -> Trainer:
        read = Card.model_validate({**card, "recipe": {**card["recipe"], **recipe}})
        return Trainer(
            read, prepare(read, [one for one in examples(read, learnable) if not one.held_out], tiny_base), tiny_base
        )

    return make
