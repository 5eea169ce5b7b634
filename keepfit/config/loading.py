"""YAML into a Pipeline, with the line and column of whatever is wrong."""

from __future__ import annotations

import re
import sys
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml.comments import CommentedMap

from keepfit.config.expectations import problem_of
from keepfit.config.overrides import Overrides, named, put_into
from keepfit.config.pipeline import Pipeline
from keepfit.config.sections import Expectation, Section
from keepfit.config.suites import as_ours
from keepfit.config.tunable import check
from keepfit.config.wording import should_be
from keepfit.config.yaml_reading import place, plain, read
from keepfit.errors import ConfigError, nearest
from keepfit.quoting import shown

M = TypeVar("M", bound=BaseModel)


def load(path: str | Path, overrides: Overrides = MappingProxyType({})) -> Pipeline:
    """The pipeline that a YAML file describes, or the pipeline.yaml of a folder; its expectations are read in as well.

    `overrides` are settings that count in place of the file's. Raises ConfigError, naming file, line and column, or the
    overrides where they are at fault, what was found and what is allowed.
    """
    if not overrides:
        return _load(_file_of(path), {})
    try:
        return _load(_file_of(path), overrides)
    except ConfigError as error:
        _load(_file_of(path), {})
        raise named(error, overrides) from error


def _load(file: Path, overrides: Overrides) -> Pipeline:
    tree = read(file, "keepfit init DATA --target COLUMN writes one")
    if "expectations" in tree and "source" not in tree:
        raise ConfigError(
            "this is a file of expectations, and no pipeline.",
            todo="Name the pipeline whose validation.expectations it is, such as pipeline.yaml beside it.",
            where=str(file),
        )
    put_into(tree, overrides)
    pipeline = _build(Pipeline, tree, file)
    pipeline._file, pipeline._overrides = file, dict(overrides)
    _check_metrics(pipeline, tree)
    check(pipeline, tree)
    for module in pipeline.model.modules():
        _find(module, file, place(file, tree, ("model", "module")))
    if pipeline.validation.suite:
        raise ConfigError(
            "validation.suite stands in the pipeline file.",
            todo="Put the expectations into a file of their own and name it in validation.expectations.",
            where=place(file, tree, ("validation", "suite")),
        )
    if pipeline.validation.expectations is None:
        return pipeline
    return _with_suite(pipeline, pipeline.resolve(pipeline.validation.expectations))


def _check_metrics(pipeline: Pipeline, tree: CommentedMap) -> None:
    """Raise ConfigError for a metric of another problem."""
    problem, release = pipeline.problem, pipeline.release
    compared = [("metric", release.metric, problem.compared)] if release.metric else []
    for key, name, known in [*compared, *(("gates", name, problem.gated) for name in release.gates)]:
        if name not in known:
            steps = ("release", key) if key == "metric" else ("release", key, name)
            raise ConfigError(
                f"release.{key}: {name} is no such metric of {problem.kind}.",
                allowed=f"Allowed here: {', '.join(known)}.",
                todo=nearest(name, list(known)),
                where=place(pipeline.file, tree, steps),
            )


def _find(module: str, file: Path, where: str) -> None:
    """Make a module of the user's own importable that lies beside the YAML.

    Raises ConfigError where there is none, or another of the same name was there first.
    """
    package = module.partition(".")[0]
    beside = next((p for p in (file.parent / f"{package}.py", file.parent / package) if p.exists()), None)
    if beside is not None and str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
        invalidate_caches()
    try:
        spec = find_spec(module)
    except Exception:  # whatever the packages above it raise
        spec = None
    if spec is None or spec.origin is None:
        raise ConfigError(
            f"there is no module {module}.",
            allowed="It is installed, or lies beside the YAML.",
            todo=f"Write {package}.py into {file.parent}, or install the package.",
            where=where,
        )
    if beside is not None and not Path(spec.origin).resolve().is_relative_to(file.parent):
        raise ConfigError(
            f"{module} is {spec.origin}, and not the one that lies beside the YAML.",
            todo="Give yours another name.",
            where=where,
        )


def _file_of(path: str | Path) -> Path:
    try:
        file = Path(path).expanduser().resolve()
        str(file).encode()  # records and messages are UTF-8
        return file / "pipeline.yaml" if file.is_dir() else file
    except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL in it, the home of nobody
        raise ConfigError(
            f"{shown(str(path))} names no file: {error}.", todo="Give the path of a pipeline.yaml."
        ) from error


class _Suite(Section):
    expectations: tuple[Expectation, ...] = ()


def _with_suite(pipeline: Pipeline, file: Path) -> Pipeline:
    tree = read(file, "validation.expectations names it")
    told, bookkeeping = as_ours(plain(tree, file))
    suite = _validated(_Suite, told, tree, file)
    problems = [(index, problem_of(expectation)) for index, expectation in enumerate(suite.expectations)]
    wrong = [(index, problem) for index, problem in problems if problem]
    for index, problem in wrong[:1]:
        steps = ("expectation_type",) if problem.steps == ("type",) and _is_old(tree, index) else problem.steps
        more = f"{len(wrong) - 1} more of this suite are at fault too." if len(wrong) > 1 else ""
        where = place(file, tree, ("expectations", index, *steps))
        raise ConfigError(problem.found, allowed=problem.allowed, todo=f"{problem.todo} {more}".strip(), where=where)
    validation = pipeline.validation.model_copy(update={"suite": suite.expectations})
    validation._bookkeeping = bookkeeping
    whole = pipeline.model_copy(update={"validation": validation})
    whole._file, whole._overrides = pipeline.file, pipeline.overrides
    return whole


def _is_old(tree: CommentedMap, index: int) -> bool:
    """Whether an expectation is written as Great Expectations 0.x does."""
    return "expectation_type" in tree["expectations"][index]


def _build(model: type[M], tree: CommentedMap, file: Path) -> M:
    return _validated(model, plain(tree, file), tree, file)


def _validated(model: type[M], values: dict[str, Any], tree: CommentedMap, file: Path) -> M:
    """The model of some values; an error's place is that of the same keys in the tree."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # A misspelt key shows twice, as unknown and as missing; the unknown one has the line.
        found = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        places = {_steps_of(one, tree) for one in found}  # a value that may be of two kinds shows twice
        raise _explain(found[0], tree, file, len(places) - 1) from error


def _explain(error: Any, tree: CommentedMap, file: Path, others: int) -> ConfigError:
    steps = _steps_of(error, tree)
    key = ".".join(str(step) for step in steps)
    todo = f"{others} more follow." if others else ""
    if error["type"] == "extra_forbidden":
        known = _known_keys(steps[:-1], tree)
        allowed = f"Allowed here: {', '.join(known)}." if known else ""
        hint = nearest(str(steps[-1]), known)
        return ConfigError(
            f'unknown key "{key}".', allowed=allowed, todo=f"{hint} {todo}".strip(), where=place(file, tree, steps)
        )
    if error["type"].startswith("union_tag"):
        return _no_member(error["ctx"], key, place(file, tree, steps))
    if error["type"] == "missing":
        return ConfigError(
            f'the key "{key}" is missing.', todo=f"Add it. {todo}".strip(), where=place(file, tree, steps)
        )
    where = place(file, tree, steps)
    if error["type"] == "literal_error":
        todo = f"{_nearest_literal(error)} {todo}".strip()
    if words := should_be(error):
        received = "is a section" if isinstance(error["input"], dict) else f"is {shown(error['input'])}"
        return ConfigError(f"{key or 'this'} {received}.", allowed=words, todo=todo, where=where)
    received = "" if isinstance(error["input"], dict) else f" is {shown(error['input'])}"
    found = f"{key}{received}: " if key else ""
    message = error["msg"].removeprefix("Value error, ")
    return ConfigError(f"{found}{message[0].lower()}{message[1:]}.", todo=todo, where=where)


def _no_member(context: Any, key: str, where: str) -> ConfigError:
    """The error for a section that names no member of its open set."""
    tag = f"{key}.{context['discriminator'].strip(chr(39))}"
    if "tag" not in context:
        return ConfigError(f'the key "{tag}" is missing.', todo="Add it.", where=where)
    given, names = context["tag"], re.findall("'([^']*)'", context["expected_tags"])
    return ConfigError(
        f"{tag} is {shown(given)}.",
        allowed=f"Allowed here: {', '.join(names)}.",
        todo=nearest(given, names),
        where=where,
    )


def _nearest_literal(error: Any) -> str:
    if str(error["input"]).lower() == "gpu" and "cuda" in error["ctx"]["expected"]:
        return 'Did you mean "cuda"?'
    return nearest(str(error["input"]), re.findall("'([^']*)'", error["ctx"]["expected"]))


def _steps_of(error: Any, tree: Any) -> tuple[str | int, ...]:
    """An error's place without the union tags pydantic puts in, which stand in no file."""
    loc, names_key = error["loc"], error["type"] in ("extra_forbidden", "missing")
    steps: list[str | int] = []
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        known = (isinstance(tree, dict) and step in tree) or (isinstance(tree, list) and isinstance(step, int))
        if known:
            steps.append(step)
            tree = tree[step]
        elif last and names_key and isinstance(tree, dict):
            steps.append(step)
    return tuple(steps)


def _known_keys(steps: tuple[str | int, ...], tree: Any) -> list[str]:
    model: Any = Pipeline if "name" in tree or "source" in tree else _Suite
    for step in steps:
        if isinstance(step, int):
            continue
        tree = tree.get(step) if isinstance(tree, dict) else None
        if get_origin(model) is dict:
            model = _section_of(model, tree)
            continue
        field = getattr(model, "model_fields", {}).get(step)
        inner = field.annotation if field else None
        model = inner if get_origin(inner) is dict else _section_of(inner, tree)
    return [name for name in getattr(model, "model_fields", {}) if name != "suite"]


def _section_of(annotation: Any, value: Any) -> Any:
    """The Section inside an annotation; of an open set's members, the one that `value` names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_section_of(a, value) for a in getattr(annotation, "__args__", ())]
    sections = [s for s in inner if s is not None]
    for section in sections:
        tags = (tag for tag in ("family", "kind") if tag in section.model_fields)
        if isinstance(value, dict) and any(section.model_fields[tag].default == value.get(tag) for tag in tags):
            return section
    return sections[0] if sections else None
