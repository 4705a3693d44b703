"""``evaluate`` and ``compare`` as their users see them; what they measure is tested with the model."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file, save_file

from model.folders import pack_folders
from tests.groundswell.conftest import Command

pytestmark = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")

KEYS = [
    *("n", "stance_accuracy", "stance_macro_f1", "topic_accuracy", "topic_micro_f1", "topic_macro_f1"),
    *("event_accuracy", "ece", "coverage", "mean_set_size", "truncated"),
]
POSTS = [("股价跌停,血亏,垃圾股", "negative"), ("大涨,利好,继续持有", "positive")]


@pytest.fixture
def posts(tmp_path: Path) -> Callable[..., str]:
    """A file of stock-forum posts with their stances; its name."""

    def write(name: str = "finfe_mine.jsonl", rows: list[tuple[str, str]] = POSTS) -> str:
        lines = (json.dumps({"text": text, "sentiment": stance}, ensure_ascii=False) for text, stance in rows)
        (tmp_path / name).write_text("".join(line + "\n" for line in lines), "utf-8")
        return name

    return write


def test_the_figures_are_one_json_object_with_the_keys_that_programs_know(command: Command, posts: Callable[..., str]) -> None:
    ran = command("evaluate", posts(), "--labels", "finfe", "--json")
    figures = json.loads(ran.out)
    assert list(figures) == KEYS
    assert (figures["n"], figures["stance_accuracy"], figures["topic_accuracy"]) == (2, 1.0, None)
    assert "2 texts, 0 of them duplicates" in ran.err


def test_people_see_a_report_label_by_label(command: Command, posts: Callable[..., str]) -> None:
    out = command("evaluate", posts(), "--labels", "finfe").out
    assert all(word in out for word in ("stance accuracy", "negative", "positive", "precision", "recall"))
    assert "topic" not in out


def test_people_see_of_which_sets_the_coverage_is(command: Command, posts: Callable[..., str], tmp_path: Path) -> None:
    folder = _copied(pack_folders()["zh"], tmp_path / "sure", stance_sets={"threshold": 0.0, "rows": 100})
    ran = command("evaluate", posts(), "--labels", "finfe", "--pack", str(folder))
    told = [" ".join(line.replace("│", " ").split()) for line in ran.out.splitlines()]
    assert {"coverage of stance sets 1.0000", "mean size of stance sets 3.0000"} <= set(told)
    (tmp_path / "finnl.jsonl").write_text(json.dumps({"text": "原油期货大涨", "topics": ["期货"]}) + "\n")
    out = command("evaluate", "finnl.jsonl", "--labels", "finnl", "--pack", str(folder)).out
    assert "coverage of topic sets" in out
    assert "stance" not in out


def test_own_labels_are_read_by_the_pack_of_their_language(command: Command, tmp_path: Path) -> None:
    rows = [
        {"text": "Shares of the airline plunge after it slashes its profit forecast", "stance": "negative"},
        {"text": "Federal Reserve keeps interest rates unchanged at its July meeting", "topics": ["central_banks"]},
        {"text": "股价大涨", "stance": "positive"},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = command("evaluate", "a.jsonl", "--labels", "own", "--json")
    figures = json.loads(ran.out)
    assert "1 texts are in another language" in ran.err
    assert (figures["n"], figures["stance_accuracy"], figures["topic_accuracy"], figures["coverage"]) == (2, 1.0, 1.0, 1.0)


def test_leakage_robustness_and_bias_follow_a_line_each(command: Command, posts: Callable[..., str]) -> None:
    train = posts("train.jsonl", [("股价 跌停,血亏,垃圾股", "negative"), (POSTS[0][0] + "5", "negative")])
    ran = command("evaluate", posts(), "--labels", "finfe", "--json", "--train", train, "--robustness", "--bias")
    figures, leak, *more = (json.loads(line) for line in ran.out.splitlines())
    assert (list(figures), leak["leaked"], leak["figures_without_leaked"]["n"]) == (KEYS, 1, 1)
    assert next(one["disturbance"] for one in more if "disturbance" in one) == "typos"
    assert {one["kind"] for one in more if "kind" in one} == {"companies", "places", "persons"}


def test_people_see_leakage_robustness_and_bias_as_tables(command: Command, posts: Callable[..., str]) -> None:
    name = posts()
    out = command("evaluate", name, "--labels", "finfe", "--train", name, "--robustness", "--bias").out
    assert "2 of 2 texts stand in finfe_mine.jsonl" in out
    assert all(word in out for word in ("traditional characters", "answers that change", "persons in templates"))


def test_pictures_are_drawn_where_they_are_wanted(command: Command, posts: Callable[..., str], tmp_path: Path) -> None:
    ran = command("evaluate", posts(), "--labels", "finfe", "--json", "--pictures", "drawn")
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == [
        "finfe_mine_stance_confusion.png",
        "finfe_mine_stance_reliability.png",
    ]
    assert len(ran.out.splitlines()) == 1


def test_labels_that_no_pack_knows_are_told_in_one_line(command: Command) -> None:
    ran = command("evaluate", "a.jsonl", "--labels", "weather")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "--labels weather: no pack in use knows that set; they know " in ran.err


def test_a_file_that_is_not_there_is_told_in_one_line(command: Command) -> None:
    for labels in ("finfe", "own"):
        ran = command("evaluate", "missing.jsonl", "--labels", labels)
        assert (ran.status, len(ran.err.splitlines())) == (1, 1)
        assert "missing.jsonl" in ran.err


def test_a_pack_is_no_better_than_itself_and_passes_the_gate(command: Command, posts: Callable[..., str]) -> None:
    ran = command("compare", "zh", "zh", posts(), posts("finfe_b.jsonl"), "--gate", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(one["set"], one["better"]) for one in found] == [("finfe_mine", "neither"), ("finfe_b", "neither")]
    assert ran.status == 0
    assert "gate: B is no worse than A beyond noise on finfe_mine, finfe_b" in ran.err


def test_a_pack_that_has_forgotten_fails_the_gate(command: Command, tmp_path: Path, posts: Callable[..., str]) -> None:
    _forget(pack_folders()["zh"], tmp_path / "forgot")
    rows = [(f"{text}{place}", stance) for place in range(20) for text, stance in POSTS]
    ran = command("compare", "zh", "forgot", posts(rows=rows), "--gate")
    assert ran.status == 1
    assert "B reads finfe_mine worse than A: accuracy" in ran.out
    assert "gate: B is worse than A beyond noise on finfe_mine" in ran.err


def _copied(source: Path, folder: Path, **changes: object) -> Path:
    """A copy of a pack with changes in its card."""
    shutil.copytree(source, folder)
    card = yaml.safe_load((source / "card.yaml").read_text("utf-8"))
    (folder / "card.yaml").write_text(yaml.safe_dump({**card, **changes}, allow_unicode=True), "utf-8")
    return folder


def _forget(source: Path, folder: Path) -> None:
    """A copy of a pack whose card takes negative for positive, and has no self-test to notice it."""
    for path in _copied(source, folder, self_test=[]).glob("*.safetensors"):
        tensors = load_file(path)
        for name in [name for name in tensors if "stance" in name]:
            tensors[name] = tensors[name].flip(0).contiguous()
        save_file(tensors, folder / path.name)
