"""Seven verbs: Prefect's view of the seven stages, each a separately retryable task."""

import os

from keepfit import redact

# Prefect reads its settings when it is first imported, and tasks/ and flows/ are the only ways to it.
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "keepfit")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")

redact.in_logs()  # Prefect keeps logs with whole tracebacks
