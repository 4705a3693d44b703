"""Headlines: each kind says who, what, how many and how unusual, in both languages."""

from typing import Any

import pytest

from consumers.converger.counts import Counts
from consumers.converger.headline import Facts, figure, headline, length, who
from consumers.converger.support import Support
from consumers.converger.surge import Surge
from groundswell.messages import AlertKind, Subject
from model import taxonomy

TOPICS = taxonomy.load()
ACME = who(Subject(entity="acme"), "liquidity", {"acme": "Acme"}, TOPICS)


def told(kind: str, stance: str = "negative", window: int = 60, **fields: Any) -> tuple[str, str]:
    plain = {"observed": 30.0, "expected": 5.0, "texts": 40, "authors": 31, "copies": 3, **fields}
    surge = Surge(stance, window, plain["observed"], plain["expected"], 1e-9, 1e-4)
    support = Support(Counts(40, 30, 28, 1), plain["texts"], plain["authors"], 20, 3, plain["copies"])
    line = headline(Facts(AlertKind(kind), surge, support), ACME)
    return line.en, line.zh


@pytest.mark.parametrize(
    ("told", "en", "zh"),
    [
        (
            told("negative_surge"),
            "negative opinion surges, 40 texts by 31 authors in 1 hour, about 6 times the usual",
            "负面舆情激增，1 小时内 31 位作者发文 40 条，约为平时的 6 倍",
        ),
        (
            told("positive_surge", "positive", 15, authors=1),
            "positive opinion surges, 40 texts by 1 author in 15 minutes, about 6 times the usual",
            "正面舆情激增，15 分钟内 1 位作者发文 40 条，约为平时的 6 倍",
        ),
        (
            told("volume_surge", "", 360, texts=12_400),
            "talk surges, 12,400 texts by 31 authors in 6 hours, about 6 times the usual",
            "讨论量激增，6 小时内 31 位作者发文 12,400 条，约为平时的 6 倍",
        ),
        (
            told("stance_shift", "negative", 4320, observed=0.62, expected=0.21),
            "opinion turns negative, negative share 62% in 3 days, usually 21%",
            "舆情转向负面，3 天内负面占比 62%，平时 21%",
        ),
        (
            told("silence", "", 540, observed=0.0, expected=40.3, texts=0),
            "no text for 9 hours, usually about 40",
            "9 小时无新文本，平时同期约 40 条",
        ),
        (
            told("silence", "", 540, observed=2.0, expected=40.3),
            "only 2 texts for 9 hours, usually about 40",
            "9 小时仅 2 条，平时同期约 40 条",
        ),
    ],
    ids=["negative", "positive", "volume", "shift", "silence", "near silence"],
)
def test_each_kind_is_told_in_both_languages(told: tuple[str, str], en: str, zh: str) -> None:
    assert told == (f"Acme (Liquidity and solvency): {en}", f"Acme（流动性与偿付）：{zh}")


def test_where_most_texts_are_copies_the_headline_says_so() -> None:
    en, zh = told("negative_surge", texts=300, copies=290)
    assert "mostly copies: 290 of 300 texts in 1 hour tell one story" in en
    assert "多为转发：1 小时内 300 条中同一内容 290 条" in zh
    assert "copies" not in told("negative_surge", texts=8, copies=4)[0]


def test_a_past_of_next_to_nothing_gives_no_ratio() -> None:
    en, zh = told("negative_surge", expected=0.05)
    assert en.endswith("where next to none is usual")
    assert zh.endswith("平时几乎没有")


def test_a_ratio_without_measure_is_cut() -> None:
    assert told("negative_surge", observed=900.0, expected=0.11)[0].endswith("over 1,000 times the usual")


@pytest.mark.parametrize(
    ("subject", "topic", "en"),
    [
        (Subject(topic="fraud"), "fraud", "Fraud and accounting manipulation"),
        (Subject(entity="acme"), None, "Acme"),
        (Subject(entity="other"), "fraud", "other (Fraud and accounting manipulation)"),
        (Subject(topic="weather"), "weather", "weather/*"),
    ],
)
def test_a_headline_names_what_there_is_a_name_for(subject: Subject, topic: str | None, en: str) -> None:
    assert who(subject, topic, {"acme": "Acme"}, TOPICS).en == en


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0"), (2.0, "2"), (2.46, "2.5"), (9.96, "10"), (57.2, "57"), (12345.6, "12,346")]
)
def test_numbers_are_as_exact_as_people_need(value: float, said: str) -> None:
    assert figure(value) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(15, "15 minutes"), (60, "1 hour"), (90, "90 minutes"), (360, "6 hours"), (1440, "24 hours"), (4320, "3 days")],
)
def test_a_window_is_told_in_its_largest_unit(minutes: int, said: str) -> None:
    assert length(minutes).en == said
