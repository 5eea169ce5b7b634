"""The messages of a Prefect server in memory, given to whom they are for until they are taken.

Prefect's own gives a message four times at once and then puts it away. On SQLite, whoever reads and then writes is
turned away at once where another wrote in between ("database is locked", whatever the timeout), so that on a busy
machine four tries are soon over: an event that says Crashed was lost, and with it the alert. Prefect takes this module
by its setting PREFECT_MESSAGING_BROKER.
"""

from __future__ import annotations

import asyncio
from typing import Any

from prefect.server.utilities.messaging import MessageHandler, StopConsumer, memory
from prefect.server.utilities.messaging.memory import Publisher, break_topic, ephemeral_subscription

__all__ = ["Consumer", "Publisher", "break_topic", "ephemeral_subscription"]

TRIES = 20
"""In about a minute and a half, after the first."""
FIRST, LONGEST = 0.05, 8.0
"""Seconds before the second try, doubled before each further one up to the longest."""


class Consumer(memory.Consumer):
    """Gives a message that was not taken again, later and later; meanwhile others are given."""

    def __init__(self, topic: str, subscription: memory.Subscription | None = None, **more: Any) -> None:
        super().__init__(topic, subscription, **more)
        self._waiting: set[asyncio.Task[None]] = set()

    async def run(self, handler: MessageHandler) -> None:
        """Until it is stopped."""

        async def patiently(message: Any) -> None:
            try:
                await handler(message)
            except StopConsumer:
                raise
            except Exception:
                if message.retry_count >= TRIES:
                    raise  # and it is put away
                waiting = asyncio.create_task(self._again(message))
                self._waiting.add(waiting)
                waiting.add_done_callback(self._waiting.discard)

        await super().run(patiently)

    async def _again(self, message: Any) -> None:
        await asyncio.sleep(min(FIRST * 2.0**message.retry_count, LONGEST))
        message.retry_count += 1
        await self.subscription.deliver(message)
