"""``subscribe``, ``subscriptions``, ``unsubscribe`` and ``deliveries`` as their users see them."""

import io
import json
import sys
from pathlib import Path

import pytest

from consumers.notifier.store import Subscriptions
from consumers.notifier.subscription import WebhookTarget
from groundswell import store
from groundswell.settings import Settings
from tests.groundswell.conftest import Command
from tests.receiver import receiving

HOOK = "https://203.0.113.7/secret-path"
MAIL = "mailto://desk:mail-password@203.0.113.7"


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch, on_servers: Settings) -> Settings:
    """Settings that let receivers stand on this machine."""
    monkeypatch.setenv("GROUNDSWELL_NOTIFIER__ALLOW_PRIVATE", "true")
    return on_servers


@pytest.mark.usefixtures("private")
def test_a_subscription_is_made_shown_and_ended(command: Command) -> None:
    made = command("subscribe", "desk", "--webhook", HOOK, "--entity", "acme", "--severity", "critical", "--language", "zh")
    assert made.status == 0
    assert "desk is subscribed to entity acme; severity critical or more" in made.out
    assert "whsec_" in made.out
    shown = json.loads(command("subscriptions", "--json").out)
    assert (shown["name"], shown["filter"]["entities"], shown["language"]) == ("desk", ["acme"], "zh")
    assert command("unsubscribe", "desk").status == 0
    assert "no subscriptions yet" in command("subscriptions").out


@pytest.mark.usefixtures("private")
def test_lists_show_neither_secrets_nor_paths(command: Command) -> None:
    command("subscribe", "desk", "--webhook", HOOK)
    command("subscribe", "post", "--apprise", MAIL)
    shown = command("subscriptions").out + command("subscriptions", "--json").out
    assert "desk" in shown
    assert "post" in shown
    assert not [secret for secret in ("secret-path", "mail-password", "whsec_") if secret in shown]


@pytest.mark.usefixtures("private")
def test_a_url_may_come_from_standard_input(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{HOOK}\n"))
    assert command("subscribe", "desk", "--webhook", "-").status == 0
    assert json.loads(command("subscriptions", "--json").out)["to"] == "https://203.0.113.7/…"


@pytest.mark.usefixtures("private")
def test_a_test_message_reaches_the_receiver_at_once(command: Command) -> None:
    with receiving() as receiver:
        made = command("subscribe", "desk", "--webhook", f"{receiver.url}/x", "--test")
    assert "test message taken: answered 204" in made.err
    assert [one.headers["groundswell-occasion"] for one in receiver.told] == ["test"]


@pytest.mark.usefixtures("private")
def test_a_test_message_that_is_not_taken_is_told_in_one_line(command: Command) -> None:
    with receiving(lambda _: 500) as receiver:
        made = command("subscribe", "desk", "--webhook", f"{receiver.url}/x", "--test")
    assert made.status == 1
    assert "the subscription stands, but the test message was not taken: 127.0.0.1 answered 500" in made.err


@pytest.mark.usefixtures("private")
def test_a_name_that_is_taken_is_changed_only_with_replace(command: Command) -> None:
    first = json.loads(command("subscribe", "desk", "--webhook", HOOK, "--json").out)
    again = command("subscribe", "desk", "--webhook", HOOK)
    assert (again.status, "--replace" in again.err) == (1, True)
    changed = json.loads(command("subscribe", "desk", "--webhook", HOOK, "--topic", "fraud", "--replace", "--json").out)
    assert (changed["id"], changed["secret"]) == (first["id"], None)
    assert json.loads(command("subscriptions", "--json").out)["filter"]["topics"] == ["fraud"]


@pytest.mark.usefixtures("private")
def test_a_webhook_that_is_changed_keeps_its_secret(command: Command, on_servers: Settings) -> None:
    first = json.loads(command("subscribe", "desk", "--webhook", HOOK, "--json").out)
    command("subscribe", "desk", "--webhook", f"{HOOK}/2", "--replace")
    kept = Subscriptions(store.connect(on_servers.redis), on_servers.redis.prefix).get("desk")
    assert kept is not None
    assert isinstance(kept.target, WebhookTarget)
    assert kept.target.secret.get_secret_value() == first["secret"]


@pytest.mark.usefixtures("private")
def test_an_entity_that_is_on_no_watchlist_is_pointed_out(command: Command, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("entities:\n  - id: acme-bank\n    name: Acme Bank\n", "utf-8")
    made = command("--watchlist", "w.yaml", "subscribe", "desk", "--webhook", HOOK, "--entity", "acme-bnk")
    assert made.status == 0
    assert "--entity acme-bnk is not on the watchlist; it has acme-bank" in made.err


@pytest.mark.usefixtures("private")
def test_a_secret_of_ones_own_is_used_and_not_shown(command: Command, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=" + "\n", "utf-8")
    made = command("subscribe", "desk", "--webhook", HOOK, "--secret-file", "secret")
    assert (made.status, "whsec_" in made.out) == (0, False)


@pytest.mark.usefixtures("on_servers")
@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ([], "either --webhook URL or --apprise URL"),
        (["--webhook", HOOK, "--apprise", MAIL], "either --webhook URL or --apprise URL"),
        (["--webhook", HOOK, "--topic", "liquidty"], "there are liquidity"),
        (["--webhook", HOOK, "--zone", "Beijing"], "write one such as Asia/Shanghai"),
        (["--webhook", HOOK, "--language", "fr"], "language"),
        (["--webhook", HOOK, "--secret-file", "nowhere"], "nowhere: cannot be read"),
        (["--webhook", "https://127.0.0.1/secret-path"], "notifier.allow_private"),
        (["--webhook", "ftp://203.0.113.7/secret-path"], "https://"),
        (["--apprise", "nonsense://secret-path"], "nonsense"),
        (["--apprise", MAIL, "--secret-file", "secret"], "--secret-file is for --webhook"),
    ],
)
def test_a_mistake_is_told_in_one_line_without_the_url(command: Command, words: list[str], mend: str) -> None:
    ran = command("subscribe", "desk", *words)
    assert ran.status == 1
    assert mend in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert "secret-path" not in ran.err
    assert "mail-password" not in ran.err


@pytest.mark.usefixtures("private")
def test_a_name_with_a_space_is_refused(command: Command) -> None:
    ran = command("subscribe", "two words", "--webhook", HOOK)
    assert (ran.status, "name" in ran.err) == (1, True)


@pytest.mark.usefixtures("private")
def test_an_unknown_name_cannot_be_unsubscribed(command: Command) -> None:
    ran = command("unsubscribe", "nobody")
    assert (ran.status, "nobody: no such subscription" in ran.err) == (1, True)


@pytest.mark.usefixtures("private")
def test_without_deliveries_it_says_so(command: Command) -> None:
    assert "nothing was told yet" in command("deliveries").out
    assert command("deliveries", "--json").out == ""
