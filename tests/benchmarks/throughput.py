"""Texts a second: the whole pipeline by ``replay`` beside a plain loop of kafka-python and a transformers pipeline.

    python tests/benchmarks/throughput.py TEXTS.jsonl [--count 10000]

Both take the same texts in one run, one after the other, on the same machine: it is the ratio that says something. The plain
loop reads a text from Kafka, has the language's BERT (the same base, a stance head) classify it, and sends the answer on;
it keeps no trends, no exactly-once, no entities, no topics.
"""

import argparse
import json
import re
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from transformers import AutoTokenizer, BertForSequenceClassification, TextClassificationPipeline

from groundswell.cli.rehearsal import rehearse
from groundswell.cli.replaying import stream_of, texts_of
from groundswell.kafka import admin
from groundswell.local import LocalStack
from groundswell.messages import Text
from groundswell.settings import Settings, load
from model.bases import base_folder
from model.card import read_card
from model.folders import pack_folders


def say(line: str) -> None:
    """Tell one line."""
    print(line, flush=True)


def classifiers(settings: Settings) -> dict[str, TextClassificationPipeline]:
    """A transformers pipeline for each language, over the base of its pack."""
    found = {}
    for language, folder in pack_folders().items():
        base = base_folder(read_card(folder).base, settings.cache_dir)
        model = BertForSequenceClassification.from_pretrained(base, num_labels=3)
        tokenizer = AutoTokenizer.from_pretrained(base)
        found[language] = TextClassificationPipeline(model=model, tokenizer=tokenizer, device=torch.device("cpu"))
    return found


def plain(texts: list[Text], settings: Settings) -> float:
    """Seconds that the plain loop takes for ``texts``."""
    by_language = classifiers(settings)
    with TemporaryDirectory() as folder, LocalStack(Path(folder), settings.cache_dir, valkey_port=None) as stack:
        chosen = stack.settings(settings)
        client = admin(chosen)
        client.create_topics(
            {name: {"num_partitions": 1, "replication_factor": 1} for name in ("in", "out")}, wait_for_metadata=True
        )
        client.close()
        servers = chosen.kafka.bootstrap_servers
        producer = KafkaProducer(bootstrap_servers=servers)
        for text in texts:
            producer.send("in", text.to_wire())
        producer.flush()
        consumer = KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
        consumer.assign([TopicPartition("in", 0)])
        began = time.monotonic()
        for record in islice(consumer, len(texts)):
            answer: Any = _classify(by_language, json.loads(record.value)["text"])
            producer.send("out", json.dumps(answer).encode())
        producer.flush()
        took = time.monotonic() - began
        consumer.close()
        producer.close()
    return took


def _classify(by_language: dict[str, TextClassificationPipeline], text: str) -> Any:
    language = "zh" if re.search(r"[\u4e00-\u9fff]", text) else "en"
    return by_language[language](text, truncation=True)


def whole(path: Path, count: int, settings: Settings) -> tuple[int, float]:
    """Texts, and the seconds that the whole pipeline takes for them from the first sent to the last window closed."""
    read = texts_of(path, None)
    stream = stream_of(lambda: islice(read(), count), str(path))
    with rehearse(settings, private=True, data=None, say=say) as run:
        run.send(stream.read(), 0.0, stream.final(settings), say)
        while not run.finished():
            time.sleep(0.05)
        summary = run.summary(stream.read)
    say(f"whole pipeline: counted twice {summary.twice}, lost {summary.lost}")
    return stream.texts, summary.seconds


def main() -> None:
    """Measure both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    args = parser.parse_args()
    settings = load()
    texts = list(islice(texts_of(args.texts, None)(), args.count))
    took = plain(texts, settings)
    say(f"plain loop: {len(texts)} texts in {took:.1f} s, {len(texts) / took:.1f} texts/s")
    count, seconds = whole(args.texts, args.count, settings)
    say(f"whole pipeline: {count} texts in {seconds:.1f} s, {count / seconds:.1f} texts/s")
    say(f"ratio {took / seconds:.2f}")


if __name__ == "__main__":
    main()
