"""What runs of a server tell, as short lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterLevel, LogFilterTimestamp
from prefect.client.schemas.objects import Log
from prefect.client.schemas.sorting import LogSort
from prefect.exceptions import PrefectException
from prefect.types import DateTime

from keepfit.quoting import cut, visible

_WIDE = 500
"""A verdict and the path of its report are told whole."""
_INFO = 20
_TOLD = ("keepfit", "prefect.flow_runs")
"""The loggers that are shown; those of tasks say the same once more."""
_UNSAID = ("Downloading flow code from storage", "Beginning flow run")
"""Of every run alike, and a person would wonder what is downloaded: nothing is."""
_PAGE = 200


class Follower:
    """Reads what was logged since the last look."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self.client = client
        self.since = DateTime.now()
        self.seen: set[UUID] = set()
        self.names: dict[UUID, str] = {}

    def lines(self) -> Iterator[str]:
        """The new lines; none while the server is busy."""
        wanted = LogFilter(level=LogFilterLevel(ge_=_INFO), timestamp=LogFilterTimestamp(after_=self.since))
        try:
            logs = self.client.read_logs(wanted, limit=_PAGE, sort=LogSort.TIMESTAMP_ASC)
            new = [log for log in logs if log.id not in self.seen]
            told = [log for log in new if log.name in _TOLD and not log.message.startswith(_UNSAID)]
            yield from map(self._line, told)
        except (httpx.HTTPError, PrefectException):
            return
        self.seen = {log.id for log in logs}
        self.since = logs[-1].timestamp if logs else self.since

    def _line(self, log: Log) -> str:
        said = visible(log.message.strip().splitlines()[0] if log.message.strip() else "")
        return f"{log.timestamp.astimezone():%H:%M:%S}  {self._name(log.flow_run_id)}: {cut(said, _WIDE)}"

    def _name(self, run: UUID | None) -> str:
        if run is None:
            return "server"
        if run not in self.names:
            found = self.client.read_flow_run(run)
            flow = self.client.read_flow(found.flow_id).name
            deployed = self.client.read_deployment(found.deployment_id).name if found.deployment_id else found.name
            self.names[run] = f"{flow}/{deployed}"
        return self.names[run]
