"""The list of feeds, and what is said when it is wrong."""

from pathlib import Path

import pytest

from groundswell.errors import FatalError
from producers.feedlist import load_feeds, source_lateness


def listed(folder: Path, content: str, name: str = "feeds.yaml") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_yaml_and_toml_say_the_same(tmp_path: Path) -> None:
    yaml = listed(tmp_path, "feeds:\n  - {url: 'https://a.example/f', source: a, zone: Asia/Shanghai, lateness: 900}\n")
    toml = listed(
        tmp_path,
        '[[feeds]]\nurl = "https://a.example/f"\nsource = "a"\nzone = "Asia/Shanghai"\nlateness = 900\n',
        "feeds.toml",
    )
    assert load_feeds(yaml) == load_feeds(toml)
    assert source_lateness(load_feeds(yaml)) == {"a": 900}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("feeds: []", "feeds"),
        ("- a", "write `feeds:`"),
        ("feeds:\n  - {url: 'file:///etc/passwd', source: a}", "feeds.0.url"),
        ("feeds:\n  - {url: 'https://a.example/', source: a, colour: red}", "feeds.0.colour: no such field"),
        ("feeds:\n  - {url: 'https://a.example/', source: a, zone: Mars/Base}", "no such time zone"),
        (
            "feeds:\n  - {url: 'https://a.example/', source: a}\n  - {url: 'https://a.example/', source: b}",
            "listed twice",
        ),
        ("feeds: [", "not valid"),
        ("feeds: !!python/object/apply:os.system ['true']", "not valid"),
    ],
)
def test_a_wrong_list_is_told_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(FatalError) as caught:
        load_feeds(listed(tmp_path, content))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "feeds.yaml" in str(caught.value)
