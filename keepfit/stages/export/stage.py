"""The stage: write the bundle, seal it, then prove it. A bundle that fails a check is kept, and release rejects it."""

from __future__ import annotations

from keepfit.store import files
from keepfit.store.artifacts import Bundle, Evaluated, Prepared, Trained
from keepfit.store.stage import Room, stage

_MEMBERS = (
    "features", "features.cells", "features.words", "features.net", "features.graph",
    "problems", "problems.learn", "problems.answer", "problems.graph", "models.net",
)  # fmt: skip


@stage(
    reads=("name", "source.missing", "source.window", "source.points", "features.*.columns"),
    members=_MEMBERS,
    libraries=("onnxscript", "onnx-ir"),
)
def export(room: Room, trained: Trained, prepared: Prepared, evaluated: Evaluated) -> Bundle:
    """The bundle under `bundle/`, its id, and whether it passed the parity and isolation checks.

    What the isolation check measured (latency, memory, size) lies in `beside/isolation.json`.
    """
    from keepfit.serving.bundle.model import open_bundle
    from keepfit.serving.bundle.seal import answers_of, seal
    from keepfit.stages.export import stepping
    from keepfit.stages.export.contents import write
    from keepfit.stages.export.isolation import isolate
    from keepfit.stages.export.parity import compare

    folder = room.path / "bundle"
    room.step("tracing the model", done=0.1)
    write(folder, room.config, room.store, trained, prepared, evaluated)
    id = seal(folder)
    room.step("comparing it with torch on the test rows", done=0.6)
    parity = compare(open_bundle(folder), room.store / trained.path, room.store / prepared.path)
    steps = stepping.compare(folder, room.store / trained.path, room.store / prepared.path)
    room.step("asking it in a process of its own", done=0.9)
    isolation = isolate(folder)
    files.write_json(room.path / "beside/isolation.json", isolation.measured)
    failure = " ".join(part for part in (parity.failure, steps, isolation.failure) if part)
    if failure:
        room.note(failure)
    return Bundle(
        id=id,
        answers=answers_of(folder),
        bytes=(folder / "model.onnx").stat().st_size,
        parity=parity.difference,
        passed=not failure,
        failure=failure,
    )
