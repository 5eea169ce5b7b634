"""Sentences made of the verbs in tasks/. `retrain` is the map of the whole."""

import tasks  # noqa: F401  # its settings must stand before Prefect is first imported
