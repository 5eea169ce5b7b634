"""The isolation check's inside, run as a file of its own: `python -I -S isolated.py BUNDLE LIBRARIES`.

It has onnxruntime, numpy and the standard library, limits on memory and time, and may write no file. It prints one
JSON object with what it measured, or ends with a sentence that says what is wrong.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

GIGABYTE = 1 << 30
SIZES = (1, 2, 7, 200)
"""Rows a call, of a model that is given so many. A graph whose dimensions were frozen by accident fails one of them."""


def main(bundle: Path, libraries: str) -> None:
    """Check every file, answer the golden rows at each batch size, measure."""
    resource.setrlimit(resource.RLIMIT_AS, (8 * GIGABYTE, 8 * GIGABYTE))
    resource.setrlimit(resource.RLIMIT_CPU, (300, 300))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.path.append(libraries)
    began = time.perf_counter()
    _refuse_others()
    _check_files(bundle)
    session = _session(bundle)
    loaded = time.perf_counter() - began
    golden = _golden(bundle)
    sizes = sorted({min(size, int(golden["most"])) for size in SIZES})
    latency = {str(size): _answer(session, golden, size) for size in sizes}
    measured = {
        "load_seconds": round(loaded, 3),
        "latency_milliseconds": latency,
        "memory_megabytes": _peak_megabytes(),
        "golden_rows": len(golden["clear"]),
    }
    print(json.dumps(measured))


def _refuse_others() -> None:
    from importlib.util import find_spec

    for name in ("torch", "keepfit", "onnx", "pandas", "pyarrow"):
        if find_spec(name) is not None:
            sys.exit(f"{name} can be imported, so this process is not isolated")


def _check_files(bundle: Path) -> None:
    from hashlib import sha256

    listed = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["files"]
    for name, (_, digest) in listed.items():
        if sha256((bundle / name).read_bytes()).hexdigest() != digest:
            sys.exit(f"{name} is not what the manifest says")


def _session(bundle: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession((bundle / "model.onnx").read_bytes(), options)


def _golden(bundle: Path) -> dict[str, Any]:
    """The arrays of golden.npz: `input:…` [N, …], `output:…` [N, …], `clear` [N], `tolerance`, `most`."""
    import numpy as np

    golden = np.load(bundle / "golden.npz", allow_pickle=False)
    arrays = {name: golden[name] for name in golden.files}
    return {name: v.astype(object) if v.dtype.kind == "U" else v for name, v in arrays.items()}


def _answer(session: Any, golden: dict[str, Any], size: int) -> float:
    """All golden rows in batches of `size`, each answer compared → median milliseconds a call."""
    import numpy as np

    inputs, outputs = _named(golden, "input:"), _named(golden, "output:")
    count = len(golden["clear"])
    rows = np.arange(max(size, count)) % count  # a batch larger than the golden rows repeats them
    times = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        fed = {name: values[part] for name, values in inputs.items()}
        began = time.perf_counter()
        found = session.run([*outputs], fed)
        times.append(time.perf_counter() - began)
        for name, values in zip(outputs, found, strict=True):
            if not _same(values, outputs[name][part], golden, part):
                sys.exit(f"golden rows {part[0] + 1} to {part[-1] + 1} get another {name} in a batch of {size}")
    return round(sorted(times)[len(times) // 2] * 1000, 3)


def _named(golden: dict[str, Any], start: str) -> dict[str, Any]:
    return {name.removeprefix(start): values for name, values in golden.items() if name.startswith(start)}


def _same(found: Any, wanted: Any, golden: dict[str, Any], part: Any) -> bool:
    """Numbers within the tolerance; texts but for rows where two are as likely."""
    import numpy as np

    if found.dtype == object:
        return not bool(((found != wanted) & golden["clear"][part]).any())
    return bool(np.allclose(found, wanted, rtol=0, atol=float(golden["tolerance"])))


def _peak_megabytes() -> int:
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage also counts what the parent held when it started this process
        return (
            next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) // 1024
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
