"""The messages of a Prefect server in memory, given to whom they are for until they are taken.

Prefect's own gives a message four times at once and then puts it away. On SQLite, whoever reads and then writes is
turned away at once where another wrote in between ("database is locked", whatever the timeout), so that on a busy
machine four tries are soon over: an event that says Crashed was lost, and with it the alert. Prefect takes this module
by its setting PREFECT_MESSAGING_BROKER.
"""

from __future__ import annotations

import asyncio
from typing import Any

from prefect.server.utilities.messaging import MessageHandler, memory
from prefect.server.utilities.messaging.memory import Publisher, break_topic, ephemeral_subscription

__all__ = ["Consumer", "Publisher", "break_topic", "ephemeral_subscription"]

TRIES = 20
"""In about a minute and a half."""
FIRST, LONGEST = 0.05, 8.0
"""Seconds before the second try, doubled before each further one up to the longest."""


class Consumer(memory.Consumer):
    """Waits before it tries a message again."""

    def __init__(self, topic: str, subscription: memory.Subscription | None = None, **more: Any) -> None:
        of = memory.Topic.by_name(topic)
        super().__init__(topic, subscription or of.subscribe(max_retries=TRIES), **more)

    async def run(self, handler: MessageHandler) -> None:
        """Until it is stopped."""

        async def patiently(message: Any) -> None:
            if message.retry_count:
                await asyncio.sleep(min(FIRST * 2.0 ** (message.retry_count - 1), LONGEST))
            await handler(message)

        await super().run(patiently)
