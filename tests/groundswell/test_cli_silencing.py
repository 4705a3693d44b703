"""``silence``, ``silences`` and ``unsilence`` as their users see them."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from consumers.notifier.delivery_queue import DeliveryQueue, Telling
from groundswell import store
from groundswell.clock import SystemClock
from groundswell.settings import Settings
from tests.alerts import alert_of
from tests.groundswell.conftest import Command

CALENDAR = """
holds:
  - name: maintenance
    why: feeds are restarted
    zone: Europe/London
    during: [{days: "sat, sun", from: 02:00, to: 04:00}]
  - name: after-hours
    why: nobody trades
    match: {entities: ["*.SH"], severity: info}
    zone: Asia/Shanghai
    outside: [{days: mon-fri, from: 09:15, to: 15:00}, {from: 20:00, to: 21:00}]
"""
WHY = ("--why", "known outage")


@pytest.mark.usefixtures("on_servers")
def test_a_silence_is_made_shown_and_ended(command: Command) -> None:
    made = command("silence", "--entity", "acme", "--severity", "warning", "--for", "2h", *WHY, "--by", "mei")
    assert made.status == 0
    assert "nobody is told of entity acme; severity warning or less from" in made.err
    shown = json.loads(command("silences", "--json").out)
    assert (shown["name"], shown["by"], shown["in_force"]) == (made.out.strip(), "mei", True)
    starts, ends = (datetime.fromisoformat(part) for part in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", shown["when"]))
    assert ends - starts == timedelta(hours=2)
    assert shown["holds_back"] == 0
    assert "(mei)" in command("silences").out
    ended = command("unsilence", made.out.strip()[:4])
    assert "people are told of entity acme; severity warning or less again" in ended.err
    assert "no silences" in command("silences").out


@pytest.mark.usefixtures("on_servers")
def test_a_subject_is_taken_as_alerts_show_it(command: Command) -> None:
    command("silence", "--subject", "liquidity/*.SH", "--for", "1d12h", *WHY)
    command("silence", "--subject", "*/acme", "--kind", "negative_surge", "--for", "30m", *WHY)
    found = [json.loads(line)["match"] for line in command("silences", "--json").out.splitlines()]
    assert [(one["topics"], one["entities"]) for one in found] == [([], ["acme"]), (["liquidity"], ["*.SH"])]


@pytest.mark.usefixtures("on_servers")
def test_a_silence_may_begin_later_and_say_when_it_ends(command: Command) -> None:
    times = ("--from", "2126-03-02T18:00+08:00", "--until", "2126-03-02T20:00+08:00")
    assert "from 2126-03-02 10:00 until 2126-03-02 12:00 UTC" in command("silence", "--all", *times, *WHY).err
    assert json.loads(command("silences", "--json").out)["in_force"] is False


@pytest.mark.usefixtures("on_servers")
@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["--for", "2h"], "or --all for all alerts"),
        (["--all"], "either --for 2h or --until TIME"),
        (["--all", "--for", "2h", "--until", "2126-03-02T18:00Z"], "either --for 2h or --until TIME"),
        (["--all", "--for", "2 hours"], "write 30m, 2h or 1d12h"),
        (["--all", "--for", "0m"], "end after it starts"),
        (["--all", "--for", "400d"], "within 366 days"),
        (["--all", "--until", "2126-03-02T18:00"], "no time with its zone"),
        (["--all", "--until", "tonight"], "no time with its zone"),
        (["--all", "--until", "2020-03-02T18:00Z"], "end after it starts"),
        (["--topic", "liquidty", "--for", "2h"], "there are liquidity"),
        (["--subject", "acme", "--for", "2h"], "write it as alerts show it"),
    ],
)
def test_what_is_no_silence_is_refused_in_a_line_that_mends_it(command: Command, words: list[str], mend: str) -> None:
    ran = command("silence", *words, *WHY)
    assert ran.status == 1
    assert mend in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.usefixtures("on_servers")
def test_a_silence_that_is_none_is_refused(command: Command) -> None:
    ran = command("unsilence", "abcd")
    assert (ran.status, "groundswell silences shows all" in ran.err) == (1, True)


@pytest.mark.usefixtures("on_servers")
def test_the_calendar_is_shown_beside_the_silences(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "calendar.yaml").write_text(CALENDAR, "utf-8")
    monkeypatch.setenv("GROUNDSWELL_NOTIFIER__CALENDAR", "calendar.yaml")
    command("silence", "--all", "--for", "2h", *WHY)
    found = [json.loads(line) for line in command("silences", "--json").out.splitlines()]
    assert [one["sort"] for one in found] == ["silence", "calendar", "calendar"]
    assert [one["when"] for one in found[1:]] == [
        "during sat, sun 02:00-04:00 (Europe/London)",
        "outside mon, tue, wed, thu, fri 09:15-15:00; daily 20:00-21:00 (Asia/Shanghai)",
    ]
    assert "after-hours" in command("silences").out


def test_silences_are_shown_with_how_many_alerts_they_hold_back(command: Command, on_servers: Settings) -> None:
    client = store.connect(on_servers.redis)
    queue = DeliveryQueue(client, on_servers.redis.prefix, on_servers.notifier)
    now = SystemClock().now()
    held = [Telling(offset, 0, alert_of(id=f"a{offset}"), held=True) for offset in range(3)]
    assert list(queue.put(1, None, held, now)) == [3]
    client.close()
    command("silence", "--entity", "acme", "--for", "1h", *WHY)
    command("silence", "--entity", "bolt", "--for", "2h", *WHY)
    command("silence", "--all", "--from", "2126-03-02T18:00Z", "--for", "1h", *WHY)
    found = [json.loads(line) for line in command("silences", "--json").out.splitlines()]
    assert [one["holds_back"] for one in found] == [3, 0, 0]
    assert "holds 3" in command("silences").out
