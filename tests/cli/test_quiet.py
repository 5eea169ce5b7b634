"""Nothing reports home: no look-up and no connection by a whole run, a prediction, and a bundle opened for a minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keepfit.store.store import Store
from tests import ROOT, bundled
from tests.store.test_kill import small

KEEPFIT = Path(sys.executable).with_name("keepfit")
MINUTE = """
import sys, time
from pathlib import Path
from keepfit.serving.bundle.model import open_bundle
model = open_bundle(Path(sys.argv[1]))
time.sleep(60)  # not to wait for anything of ours: what reports home does so now and then
"""


def cut_off(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command where nothing leads out, and see what tried to get there."""
    home = {"HOME": os.environ["PREFECT_HOME"]}
    told = {name: value for name, value in os.environ.items() if name not in QUIET}
    return subprocess.run(
        ["unshare", "--map-root-user", "--net", sys.executable, "-m", "tests.cli.cut_off", *map(str, command)],
        cwd=ROOT, env={**told, **home}, capture_output=True, text=True, check=False,
    )  # fmt: skip


QUIET = ("DO_NOT_TRACK", "GX_ANALYTICS_ENABLED", "MLFLOW_DISABLE_TELEMETRY", "ORT_DISABLE_TELEMETRY")


@pytest.fixture(scope="module", autouse=True)
def _allowed() -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("a network of one's own needs the commands unshare and ip")
    if cut_off("true").returncode:
        pytest.skip("a network of one's own is not allowed here")


def test_a_look_up_and_a_connection_would_be_seen() -> None:
    asks = "import socket\ntry: socket.getaddrinfo('example.com', 443)\nexcept OSError: pass"
    assert cut_off(sys.executable, "-c", asks).stdout
    calls = (
        "import socket\ns = socket.socket()\ns.settimeout(1)\ntry: s.connect(('192.0.2.1', 443))\nexcept OSError: pass"
    )
    assert cut_off(sys.executable, "-c", calls).stdout


def test_a_run_a_prediction_and_a_minute_with_a_bundle_are_quiet(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    rows = pipeline.with_name("breast_cancer.csv")
    script = pipeline.with_name("all.sh")
    store = Store(pipeline.with_name("another"))
    script.write_text(f"""set -e
{sys.executable} -c '{MINUTE}' {store / bundled.bundle(store, "any").folder} &
{KEEPFIT} run {pipeline}
{KEEPFIT} predict {pipeline} {rows} --out {pipeline.with_name("out.csv")}
{KEEPFIT} run {pipeline}
{KEEPFIT} show {pipeline}
wait %1
""")
    done = cut_off("bash", script)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "HOLD: Nothing new" in done.stderr
    assert done.stdout == ""
