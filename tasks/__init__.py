"""Seven verbs: Prefect's view of the seven stages, each a separately retryable task."""

import importlib
import os
import warnings
from typing import Any

from keepfit import redact
from keepfit.errors import MachineError

_OURS = ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "PREFECT_SERVER_ANALYTICS_ENABLED")
_given = ", ".join(sorted(name for name in os.environ if name.startswith("PREFECT_") and name not in _OURS))

# Prefect reads its settings when it is first imported, and tasks/ and flows/ are the only ways to it.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")

redact.in_logs()  # Prefect keeps logs with whole tracebacks
# flows/surroundings.py says it, where it matters.
warnings.filterwarnings("ignore", "Failed to create the Prefect home directory")
try:
    importlib.import_module("prefect.main")
except ValueError as error:  # pydantic's, or tomllib's of a profile
    _first: Any = error.errors()[0] if hasattr(error, "errors") else {"loc": (), "msg": str(error)}
    _found = " ".join([*map(str, _first["loc"]), _first["msg"]])
    raise MachineError(
        f"Prefect's settings cannot be read: {_found}.",
        allowed="They stand in variables that begin with PREFECT_, and in profiles.toml in Prefect's folder.",
        todo=f"Mend them: {_given or 'no such variable is set'}.",
    ) from error

from tasks import logs  # noqa: E402  # Prefect can be imported only now

logs.to_prefect()
