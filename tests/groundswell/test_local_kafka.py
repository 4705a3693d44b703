"""The local Kafka: its life, its data across restarts, and one line for whatever is wrong."""

import json
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from groundswell import kafka as clients
from groundswell.errors import FatalError
from groundswell.local import LocalKafka, ports
from groundswell.settings import KafkaSettings, Settings


def send(broker: LocalKafka, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all")
    producer.send(topic, value, partition=0).get(timeout=20)
    producer.close()


def read(broker: LocalKafka, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, 0)])
    values: list[bytes] = []
    for _ in range(100):
        values += [record.value for records in consumer.poll(200).values() for record in records]
        if len(values) >= count:
            break
    consumer.close()
    return values


def test_records_outlive_a_stop_and_a_kill_in_a_folder_of_any_name(tmp_path: Path, cache_dir: Path) -> None:
    with LocalKafka(tmp_path / "我的 data 🌊", cache_dir) as broker:
        settings = Settings(kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers, topic_prefix="lasting"))
        clients.ensure_topics(settings)
        send(broker, "lasting.texts", b"first")
        broker.stop()
        broker.start()
        send(broker, "lasting.texts", b"second")
        where = broker.bootstrap_servers
        broker.kill()
        broker.start()
        assert broker.bootstrap_servers == where
        assert read(broker, "lasting.texts", 2) == [b"first", b"second"]


def test_a_record_of_four_megabytes_is_taken(settings: Settings) -> None:
    clients.ensure_topics(settings)
    publisher = clients.Publisher(settings, "large")
    try:
        publisher.publish([clients.Output(f"{settings.kafka.topic_prefix}.texts", b"key", b"x" * 4_000_000)])
    finally:
        publisher.close()


def test_the_broker_listens_on_the_loopback_interface_only(kafka: LocalKafka) -> None:
    listening = [c.laddr.ip for c in psutil.Process(kafka.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_a_taken_port_is_named_with_its_holder_and_the_flag(kafka: LocalKafka, tmp_path: Path, cache_dir: Path) -> None:
    port = int(kafka.bootstrap_servers.rpartition(":")[2])
    with pytest.raises(FatalError) as error:
        LocalKafka(tmp_path, cache_dir, port).start()
    assert f"port {port} for Kafka is taken" in str(error.value)
    assert f"java (pid {kafka.pid})" in str(error.value)
    assert "--kafka-port" in str(error.value)


def test_a_folder_of_another_cluster_is_left_alone(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "meta.properties").write_text("version=1\ncluster.id=somebody-elses\nnode.id=1\n")
    with pytest.raises(FatalError, match=r"holds the data of another Kafka \(cluster somebody-elses\)"):
        LocalKafka(tmp_path, cache_dir).start()


def test_a_folder_of_a_later_kafka_is_left_alone(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "cluster.json").write_text(json.dumps({"cluster": "x", "kafka": "99.0.0"}))
    with pytest.raises(FatalError, match=r"was written by Kafka 99\.0\.0"):
        LocalKafka(tmp_path, cache_dir).start()


def test_a_bad_setting_is_told_in_one_line(tmp_path: Path, cache_dir: Path) -> None:
    with pytest.raises(FatalError, match=r"could not be formatted .*log\.cleaner\.threads") as error:
        LocalKafka(tmp_path, cache_dir, node={"log.cleaner.threads": "many"}).start()
    assert "\n" not in str(error.value)


def test_a_broker_that_ends_while_it_starts_is_told_in_one_line_with_its_reason(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "cluster.json").write_text(json.dumps({"cluster": "one", "kafka": "4.4.0"}))
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "meta.properties").write_text("version=1\ncluster.id=one\nnode.id=7\n")
    broker = LocalKafka(tmp_path, cache_dir)
    with pytest.raises(FatalError, match=r"Kafka ended while it started \(exit status 1: .*node") as error:
        broker.start()
    assert "\n" not in str(error.value)
    assert not broker.running()


def test_without_a_network_the_first_fetch_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{ports.free_port()}"
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, nowhere)
    with pytest.raises(FatalError) as error:
        LocalKafka(tmp_path / "data", tmp_path / "cache").start()
    assert "check the network" in str(error.value)
    assert "\n" not in str(error.value)
