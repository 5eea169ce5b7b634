"""A message that cannot be taken at once is taken later."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.server.utilities.messaging import StopConsumer
from prefect.settings import PREFECT_HOME, temporary_settings
from pydantic import TypeAdapter

from flows import messages
from tests.operation.served import Served


def refused(times: int, most: float) -> tuple[list[int], float]:
    """Which message was taken at which try, where the first is refused so often; and the seconds waited for in all."""
    taken: list[int] = []
    tries = {"first": 0, "second": 0}
    waited = 0.0

    async def handle(message: Any) -> None:
        tries[message.data] += 1
        if message.data == "first" and tries["first"] <= times:
            raise OSError("database is locked")
        taken.append(tries[message.data])
        if len(taken) == 2:
            raise StopConsumer(ack=True)

    async def course() -> None:
        consumer = messages.Consumer("events of a test", concurrency=1)
        publisher = messages.Publisher("events of a test", None)  # type: ignore[arg-type]
        for data in ("first", "second"):
            await publisher.publish_data(data, {})
        await consumer.run(handle)
        await consumer.cleanup()

    real = asyncio.sleep

    async def counted(seconds: float) -> None:
        nonlocal waited
        waited += seconds
        await real(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages.asyncio, "sleep", counted)
        asyncio.run(asyncio.wait_for(course(), most))
    return taken, waited


def test_a_message_is_tried_until_it_is_taken() -> None:
    taken, waited = refused(times=messages.TRIES, most=600)
    assert taken == [1, messages.TRIES + 1], "the second does not wait for the first"
    assert 60 < waited < 180, "longer than a busy database keeps anyone out, and no automation is late by more"


def test_one_that_nobody_takes_is_put_away(tmp_path: Path) -> None:
    with temporary_settings({PREFECT_HOME: tmp_path}), pytest.raises(TimeoutError):
        refused(times=10**9, most=5)
    (letter,) = (tmp_path / "dlq").iterdir()
    assert json.loads(letter.read_text())["data"] == "first"


def test_the_server_gives_messages_so(server: Served) -> None:
    with server.client() as client:
        said = client.get("/admin/settings").json()
    assert said["server"]["events"]["messaging_broker"] == "flows.messages"
    assert TypeAdapter(timedelta).validate_python(said["server"]["events"]["expired_bucket_buffer"]) >= timedelta(
        minutes=5
    )
