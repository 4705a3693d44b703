"""Kafka's jars in the cache: what is there is used as it is, what is half there is fetched again."""

import zipfile
from pathlib import Path

from groundswell.local import LocalKafka, jars


def test_what_a_fetch_that_was_cut_off_left_half_written_is_dropped(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.jar", "w") as jar:
        jar.writestr("name", "content")
    (tmp_path / "half.jar").write_bytes((tmp_path / "whole.jar").read_bytes()[:40])
    (tmp_path / "whole.pom").write_text("<project></project>\n")
    (tmp_path / "half.pom").write_text("<project><depen")
    jars.drop_damaged(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"whole.jar", "whole.pom"}


def test_a_cache_that_lost_a_jar_is_not_taken_for_whole(kafka: LocalKafka, cache_dir: Path, tmp_path: Path) -> None:
    assert kafka.running()
    listing = next((cache_dir / "java").glob("kafka-*.json"))
    (tmp_path / "java").mkdir()
    (tmp_path / "java" / listing.name).write_text('["nowhere/to-be-found.jar"]')
    assert jars.is_cached(cache_dir)
    assert not jars.is_cached(tmp_path)
