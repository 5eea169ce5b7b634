"""Who is told how a run ended: over a real SMTP server and a real HTTP receiver on this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from flows.notifying import notify
from keepfit import config
from keepfit.config.operation import Notify
from keepfit.store.events import Event
from keepfit.store.run import Run, start
from tests.operation.served import Served

SENTENCE = "Better: +1.2 points (90 % interval +0.4 to +2.0, 1,000 test rows). 更好。"
WAIT = 30


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def run(carried: Callable[[str], Path], told: list[str]) -> Run:
    return replace(start(config.load(carried("breast_cancer"))), listener=lambda event: hear(event, told))


def hear(event: Event, told: list[str]) -> None:
    told.append(event.message)


def to(run: Run, *addresses: str, **more: Any) -> Run:
    return replace(run, config=run.config.model_copy(update={"notify": Notify(to=addresses, **more)}))


def test_a_mail_holds_the_sentence_and_where_the_report_lies(run: Run, told: list[str], mail: Any) -> None:
    box, address = mail
    notify(to(run, address), "promote", SENTENCE)
    assert told == []
    sent = message_from_bytes(box.mails.get(timeout=WAIT), policy=default)
    assert sent["subject"] == "keepfit: breast-cancer: promote"
    body = sent.get_body(("html", "plain")).get_content()
    assert "Better: +1.2 points" in body
    assert "更好" in body
    assert f"{run.id}/report.html" in body


def test_a_webhook_gets_the_same(run: Run, told: list[str], hook: Any) -> None:
    heard, port = hook
    notify(to(run, f"json://127.0.0.1:{port}/alerts"), "failed", SENTENCE)
    path, sent = heard.get(timeout=WAIT)
    assert (path, sent["title"]) == ("/alerts", "keepfit: breast-cancer: failed")
    assert sent["message"].startswith(SENTENCE)
    assert told == []


def test_only_what_was_asked_for_is_told(run: Run, hook: Any) -> None:
    heard, port = hook
    some = to(run, f"json://127.0.0.1:{port}", on=("failed", "reject"))
    for occasion in ("promote", "hold", "reject", "first", "failed"):
        notify(some, occasion, SENTENCE)  # type: ignore[arg-type]
    titles = [heard.get(timeout=WAIT)[1]["title"] for _ in range(2)]
    assert titles == ["keepfit: breast-cancer: reject", "keepfit: breast-cancer: failed"]
    assert heard.empty()


def test_one_that_cannot_be_told_is_noted_and_the_others_are_told(
    run: Run, told: list[str], hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, port = hook
    monkeypatch.setenv("OPS_KEY", "s3cret-key-of-ours")
    addresses = ("json://127.0.0.1:1/?k=${OPS_KEY}", "nobody-knows-this", f"json://127.0.0.1:{port}")
    notify(to(run, *addresses), "hold", SENTENCE)
    assert heard.get(timeout=WAIT)[1]["message"].startswith(SENTENCE)
    assert [line.split(" was not told")[0] for line in told] == list(addresses[:2])
    assert "s3cret" not in "".join(told)


def test_a_block_of_the_server_is_told_and_one_that_is_not_there_is_noted(
    run: Run, told: list[str], hook: Any, server: Served
) -> None:
    heard, port = hook
    address = server.webhook("team", port)
    with server.here():
        notify(to(run, "block:custom-webhook/nobody", address), "drift", SENTENCE)
    path, sent = heard.get(timeout=WAIT)
    assert (path, sent["title"]) == ("/block", "keepfit: breast-cancer: drift")
    assert sent["text"].startswith(SENTENCE)
    (line,) = told
    assert line.startswith("block:custom-webhook/nobody was not told of drift: Unable to find block document")
