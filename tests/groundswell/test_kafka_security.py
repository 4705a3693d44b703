"""TLS and logins, with a broker that asks for them."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion
from pydantic import SecretStr

from groundswell import kafka as clients
from groundswell.errors import FatalError
from groundswell.kafka import Output, Publisher, Topics, ensure_topics
from groundswell.local import LocalKafka, ports
from groundswell.settings import KafkaSettings, Settings

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <(ssl.SSLSocket|socket.socket):ResourceWarning")

PASSWORD = "correct horse"
LOGIN_MODULE = "org.apache.kafka.common.security.{kind}.{name}LoginModule required"


@dataclass(frozen=True)
class Guarded:
    """A broker with three guarded listeners, and the files that its clients need."""

    tls: str
    sasl: str
    sasl_tls: str
    ca: Path
    other_ca: Path
    certificate: Path


def pem(certificate: trustme.LeafCert) -> bytes:
    """Key and chain in one, the key as PKCS 8: Kafka reads no other."""
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return plain + b"".join(one.bytes() for one in certificate.cert_chain_pems)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    (folder / "server.pem").write_bytes(pem(authority.issue_cert(ports.LOOPBACK)))
    (folder / "client.pem").write_bytes(pem(authority.issue_cert("client.example")))
    names = ("PLAINTEXT", "CONTROLLER", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
    where = {name: f"{ports.LOOPBACK}:{ports.free_port()}" for name in names}
    plain = LOGIN_MODULE.format(kind="plain", name="Plain") + f' user_reader="{PASSWORD}";'
    scram = LOGIN_MODULE.format(kind="scram", name="Scram") + ";"
    listeners = ",".join(f"{name}://{place}" for name, place in where.items())
    node = {
        "listeners": listeners,
        "advertised.listeners": listeners,
        "controller.quorum.bootstrap.servers": where["CONTROLLER"],
        "listener.security.protocol.map": ",".join(f"{name}:{'PLAINTEXT' if name == 'CONTROLLER' else name}" for name in names),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": plain,
        "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.plain.sasl.jaas.config": plain,
        "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
    }
    port = int(where["PLAINTEXT"].rpartition(":")[2])
    with LocalKafka(folder / "data", cache_dir, port, node=node) as broker:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        admin.alter_user_scram_credentials([UserScramCredentialUpsertion("reader", "SCRAM-SHA-256", PASSWORD)])
        admin.close()
        yield Guarded(
            where["SSL"],
            where["SASL_PLAINTEXT"],
            where["SASL_SSL"],
            folder / "ca.pem",
            folder / "other.pem",
            folder / "client.pem",
        )


def by_tls(broker: Guarded) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=broker.tls, security_protocol="SSL", ca_file=broker.ca, cert_file=broker.certificate)


def by_password(broker: Guarded) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=broker.sasl,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        username="reader",
        password=SecretStr(PASSWORD),
    )


def by_scram(broker: Guarded) -> KafkaSettings:
    return by_password(broker).model_copy(update={"sasl_mechanism": "SCRAM-SHA-256"})


def by_scram_over_tls(broker: Guarded) -> KafkaSettings:
    over_tls = {"bootstrap_servers": broker.sasl_tls, "security_protocol": "SASL_SSL", "ca_file": broker.ca}
    return by_scram(broker).model_copy(update=over_tls)


def refusal(settings: KafkaSettings, **changes: object) -> str:
    chosen = settings.model_copy(update={"connect_timeout": 2.0, **changes})
    with pytest.raises(FatalError) as error:
        ensure_topics(Settings(kafka=chosen))
    told = str(error.value)
    del error
    gc.collect()  # the client leaves refused connections to the collector: let it come here, where that is no error
    assert "\n" not in told
    assert PASSWORD not in told
    return told


@pytest.mark.parametrize("way", [by_tls, by_password, by_scram, by_scram_over_tls])
def test_all_clients_connect_from_the_settings(guarded: Guarded, way: Callable[[Guarded], KafkaSettings]) -> None:
    settings = Settings(kafka=way(guarded).model_copy(update={"topic_prefix": way.__name__}))
    topics = Topics(settings.kafka.topic_prefix)
    ensure_topics(settings)
    publisher = Publisher(settings, "test")
    publisher.publish([Output(topics.late, b"key", b"value")])
    publisher.close()
    reader = clients.consumer(settings, "readers")
    clients.subscribe(reader, topics.late)
    found: list[bytes] = []
    while not found:
        found = [one.value for records in reader.poll(timeout_ms=200).values() for one in records]
    reader.close()
    assert found == [b"value"]


@pytest.mark.parametrize("way", [by_password, by_scram])
def test_a_wrong_password_is_told_in_one_line_without_it(guarded: Guarded, way: Callable[[Guarded], KafkaSettings]) -> None:
    told = refusal(way(guarded), password=SecretStr("wrong horse"))
    assert f"Kafka at {guarded.sasl} (SASL_PLAINTEXT as reader by " in told
    assert "the login" in told
    assert "wrong horse" not in told


def test_a_broker_that_another_authority_vouches_for_is_told_in_one_line(guarded: Guarded) -> None:
    assert f"Kafka at {guarded.tls} (SSL) did not answer" in refusal(by_tls(guarded), ca_file=guarded.other_ca)


def test_a_client_certificate_that_is_wanted_and_not_given_is_told_in_one_line(guarded: Guarded) -> None:
    assert f"Kafka at {guarded.tls} (SSL) did not answer" in refusal(by_tls(guarded), cert_file=None)


def test_the_wrong_protocol_is_told_in_one_line(guarded: Guarded) -> None:
    told = refusal(by_tls(guarded), security_protocol="PLAINTEXT")
    assert "kafka.security_protocol" in told


def test_a_certificate_file_that_cannot_be_read_is_named(guarded: Guarded, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    assert f"kafka.ca_file, cert_file or key_file ({missing}" in refusal(by_tls(guarded), ca_file=missing)
