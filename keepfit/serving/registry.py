"""MLflow, kept narrow: versions of one pipeline's bundles, and the aliases `champion` and `previous-champion`.

Without an address of a team's server the registry is one SQLite file in the store, with the artifacts beside it.
Whoever calls holds the lock on what is in service: MLflow's set-up of a new file fails when two do it at once, and is
broken for good when it is killed, so it happens under a temporary name. It is a copy of what the journal knows: one
that cannot be read is set aside, and a new one made.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

from keepfit.config import Pipeline
from keepfit.errors import MachineError, TransientError
from keepfit.store import files
from keepfit.store.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE = "registry.db"
ARTIFACTS = "registry"
TAG = "keepfit.bundle"
REACH_SECONDS = 10
"""How long a team's registry may take to answer at all."""


class Registry:
    """The registered versions of one pipeline's model."""

    def __init__(self, client: MlflowClient, name: str, artifacts: str | None) -> None:
        self.client, self.name, self.artifacts = client, name, artifacts

    def version_of(self, bundle: str) -> str | None:
        """The version that holds this bundle, if it was registered."""
        with _said_plainly():
            found = self.client.search_model_versions(f"name='{self.name}' and tag.`{TAG}`='{bundle}'")
        return min((str(v.version) for v in found), key=int, default=None)

    def add(self, bundle: str, folder: Path) -> str:
        """Register the bundle in `folder` once, and return its version.

        MLflow calls a truncated model READY, so every file is verified before, and after by downloading it.
        """
        version = self.version_of(bundle) or self._register(bundle, folder)
        self._verify(version, bundle)
        return version

    def serve(self, version: str, previous: str | None) -> None:
        """Set the aliases, the one that says what is in service last, and read them back."""
        with _said_plainly():
            if previous is None:
                self.client.delete_registered_model_alias(self.name, "previous-champion")
            else:
                self.client.set_registered_model_alias(self.name, "previous-champion", previous)
            self.client.set_registered_model_alias(self.name, "champion", version)
            found = str(self.client.get_model_version_by_alias(self.name, "champion").version)
        if found != version:
            raise TransientError(f"the registry says champion is version {found} after it was set to {version}.")

    def drop(self, bundle: str) -> None:
        """Take out the versions that hold this bundle, but for one that has an alias; no number is given again."""
        with _said_plainly():
            found = self.client.search_model_versions(f"name='{self.name}' and tag.`{TAG}`='{bundle}'")
            aliases = self.client.get_registered_model(self.name).aliases if found else {}
            for version in {str(one.version) for one in found} - {str(one) for one in aliases.values()}:
                self.client.delete_model_version(self.name, version)

    def _register(self, bundle: str, folder: Path) -> str:
        _verified(folder, bundle)
        with _said_plainly():
            self._ensure_name()
            model = self.client.create_logged_model(self._experiment(), name=self.name, tags={TAG: bundle})
            self.client.log_model_artifacts(model.model_id, str(folder))
            model = self.client.finalize_logged_model(model.model_id, "READY")
            # Not by model_id: for that MLflow's SQLite registry asks the process-wide default tracking address.
            made = self.client.create_model_version(self.name, source=model.artifact_location, tags={TAG: bundle})
        return str(made.version)

    def fetch(self, version: str, bundle: str, into: Path) -> Path:
        """A copy of a registered bundle, verified, in a folder below `into`. Raises MachineError for a damaged one."""
        from mlflow.artifacts import download_artifacts

        with _said_plainly():
            uri = self.client.get_model_version_download_uri(self.name, version)
            copy = download_artifacts(artifact_uri=uri, dst_path=str(into), tracking_uri=self.client.tracking_uri)
        _verified(Path(copy), bundle)
        return Path(copy)

    def _verify(self, version: str, bundle: str) -> None:
        with tempfile.TemporaryDirectory() as into:
            self.fetch(version, bundle, Path(into))

    def _ensure_name(self) -> None:
        if not self.client.search_registered_models(f"name='{self.name}'"):
            self.client.create_registered_model(self.name)

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(self.name)
        if found is not None:
            return str(found.experiment_id)
        return self.client.create_experiment(self.name, artifact_location=self.artifacts)


def open_registry(store: Store, config: Pipeline) -> Registry:
    """The registry that the YAML names, or the store's own, created at the first call (about 3 CPU seconds)."""
    _quiet()
    if config.release.registry is not None:
        address = config.address(config.release.registry)
        _reach(address)
        return Registry(_client(address), config.name, None)
    database = store / DATABASE
    if not _is_sound(database):
        _create(database)
        _forget(f"sqlite:///{database.resolve()}")
    return Registry(_client(f"sqlite:///{database.resolve()}"), config.name, (store / ARTIFACTS).resolve().as_uri())


def _reach(address: str) -> None:
    """See whether a team's registry answers at all: MLflow itself tries for minutes before it says a word.

    Raises TransientError where it does not.
    """
    try:
        if address.startswith(("http://", "https://")):
            _ask(address)
        elif "://" in address and not address.startswith(("sqlite", "file")):
            _connect(address)
    except OSError as error:
        raise TransientError(
            f"the model registry cannot be reached: {getattr(error, 'reason', None) or error}.",
            todo="Check release.registry in the YAML and that the server is up; running again goes on from here.",
        ) from None


def _ask(address: str) -> None:
    try:
        urlopen(f"{address.rstrip('/')}/health", timeout=REACH_SECONDS).close()
    except HTTPError:
        return  # it answers


def _connect(address: str) -> None:
    import sqlalchemy

    bound = {"connect_timeout": REACH_SECONDS} if address.startswith(("postgresql", "mysql")) else {}
    try:
        sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool, connect_args=bound).connect().close()
    except sqlalchemy.exc.OperationalError as error:
        raise ConnectionError(" ".join(str(error.orig).split())) from None


def _quiet() -> None:
    """No pickle, no progress bars, no traceback of what we explain; read when MLflow is imported."""
    os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # seven, by default: ten silent minutes


def _client(address: str) -> MlflowClient:
    from mlflow import MlflowClient

    with _said_plainly():
        return MlflowClient(tracking_uri=address, registry_uri=address)


def _is_sound(database: Path) -> bool:
    """Whether there is a registry that can be read. What cannot be is set aside, under a name that tells it."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM registered_models").fetchone()
            return True
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "no such table" not in str(error):
            return True  # locked, or the disk's fault: MLflow's own error says which
    with files.machine_errors(database):
        database.replace(database.with_name(f"{DATABASE}.damaged"))
    return False


def _forget(address: str) -> None:
    """MLflow keeps connections to an address for the life of the process, here to a file that is gone."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Models
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    for kept in (Models, Tracking):
        kept._get_or_create_engine(address).dispose()


def _create(database: Path) -> None:
    # A name of its own each time: MLflow keeps its connection to an address, here a file that is gone, for the
    # life of the process.
    part = database.with_name(f"{DATABASE}.{secrets.token_hex(4)}.part")
    with files.machine_errors(database):
        for left in database.parent.glob(f"{DATABASE}*.part"):  # by a run that was killed
            left.unlink()
        try:
            with _said_plainly():
                _client(f"sqlite:///{part.resolve()}").search_registered_models()
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        part.replace(database)
        files.sync_folder(database.parent)


def _verified(folder: Path, bundle: str) -> None:
    from keepfit.serving.bundle.seal import verify

    found = verify(folder)
    if found != bundle:
        raise MachineError(f"the bundle {bundle} was expected and {found} lies here.", where=str(folder))


@contextmanager
def _said_plainly() -> Iterator[None]:
    """MLflow's own errors can hold the server's address with its password: name the kind only."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError) as error:
        raise _plainly(error) from None


def _plainly(error: BaseException) -> MachineError | TransientError:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, sqlite3.Error):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return MachineError(
            f"SQLite cannot write {DATABASE} in the store: {cause}.",
            todo="Free some room or make it writable, and run again: it goes on from here.",
        )
    return TransientError(
        f"the model registry answered {getattr(error, 'error_code', type(error).__name__)}.",
        todo="Check release.registry in the YAML and that the server is up; running again goes on from here.",
    )
