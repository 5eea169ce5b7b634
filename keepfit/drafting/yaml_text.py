"""The text of pipeline.yaml, with a comment on every line that a person may want to change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from keepfit.config.sets import FEATURES, MODELS
from keepfit.drafting.target import Asked
from keepfit.features.column import Choice
from keepfit.features.lookup import kind_of
from keepfit.quoting import one_line, yaml

_PLAIN = re.compile(r"(\.\./)*/?[A-Za-z_][A-Za-z0-9_./-]*")
_KEY = 1000
"""YAML's own bound is 1,024."""
_COMMENT = 300
_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")


@dataclass(frozen=True)
class SourceLines:
    """What the YAML says of the source."""

    path: str | tuple[str, ...] | None = None
    sql: str | None = None
    database: str | None = None
    sheet: str | None = None
    test: str | None = None
    labels: str | None = None
    test_labels: str | None = None
    columns: tuple[str, ...] | None = None
    """Names that were said, or made up since the file has no header."""
    encoding: str | None = None
    said: bool = False
    """Whether a person gave the names."""
    more: tuple[str, ...] = ()
    """Further lines."""

    def text(self) -> str:
        """The `source:` section."""
        keys = ("path", "database", "sql", "sheet", "test", "labels", "test_labels")
        named = {key: getattr(self, key) for key in keys}
        lines = ["source:", *(f"  {key}: {_written(value)}" for key, value in named.items() if value)]
        if not self.test and not self.sql and not self.more:
            lines.append("  # test: FILE  # the publisher's own test file, if there is one")
        if self.columns:
            names = ", ".join(scalar(name) for name in self.columns)
            why = "the file has no header line: give names here and use them below"
            lines.append(f"  columns: [{names}]" if self.said else f"  # columns: [{names}]  # {why}")
        if self.encoding:
            lines.append(f"  encoding: {scalar(self.encoding)}")
        lines += [f"  {line}" for line in self.more]
        return "\n".join(lines) + "\n"


def pipeline_text(
    name: str,
    source: SourceLines,
    asked: Asked,
    choices: list[Choice],
    family: str,
    head: str,
    offered: Sequence[Choice] = (),
    time: str = "",
) -> str:
    """The whole file. `offered` are columns that may stand beside the chosen ones, in another family of networks.

    `time` is the column that the rows must be split by, if they must.
    """
    kept = [c for c in choices if c.kind is not None]
    left = [c for c in choices if c.kind is None]
    parts = [
        f"# {head}\n# Every line may be changed; run keepfit run pipeline.yaml afterwards.\n",
        f"name: {scalar(name)}  # its name in the registry\n",
        source.text(),
        f"target: {scalar(asked.column.name)}  # {_one_line(asked.found.comment)}\n",
        f"problem: {_member(asked.problem, **asked.found.settings)}  # {asked.comment}\n",
        f"features:  # {_listed(FEATURES.names())}\n",
        *(
            f"  {_key(c.name)}: {_member(c.kind, format=c.form, columns=c.columns)}  # {_one_line(c.comment)}\n"
            for c in kept
        ),
        *_offered(kept, offered),
        *(f"  # {scalar(c.name)}: left out, {_one_line(c.comment)}\n" for c in left),
        "validation:\n  expectations: expectations.yaml\n",
        "  max_bad_share: 0.05  # stop when more of the rows than this fail an expectation\n",
        *(_split(kept, time) if not source.test else ()),
        f"model:\n  family: {family}{_hint(family)}\n",
        f"release:\n  metric: {asked.found.metric}  # as one class is rare\n" if asked.found.metric else "",
        '# schedule: {cron: "0 3 * * *"}  # once deployed, every night at three\n',
    ]
    return "".join(parts)


def _offered(kept: list[Choice], offered: Sequence[Choice]) -> Iterator[str]:
    if offered:
        family = family_for(str(choice.kind) for choice in (*kept, *offered))
        yield f"  # each of these may be learned from too, with model.family {family}, if rows to predict have it:\n"
    for choice in offered:
        yield f"  # {scalar(choice.name)}: {_member(choice.kind, format=choice.form)}  # {_one_line(choice.comment)}\n"


def _member(kind: str | None, **settings: str) -> str:
    """A kind or a problem by name, or as a section where more is said."""
    said = "".join(f", {key}: {yaml(json.dumps(s, ensure_ascii=False))}" for key, s in settings.items() if s)
    return f"{{kind: {kind}{said}}}" if said else str(kind)


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def scalar(text: str) -> str:
    """A text as YAML writes it, quoted where it must be."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else yaml(json.dumps(text, ensure_ascii=False))


def _key(name: str) -> str:
    """A column's name before its colon; YAML takes a longer one behind a question mark only."""
    written = scalar(name)
    return written if len(written) <= _KEY else f"? {written}\n  "


def _written(value: str | tuple[str, ...]) -> str:
    return scalar(value) if isinstance(value, str) else f"[{', '.join(map(scalar, value))}]"


def _split(kept: list[Choice], time: str) -> tuple[str, ...]:
    if time:
        shares = "test: 0.2, validation: 0.15"
        return (
            f"preprocessing:\n  split: {{by: time, column: {scalar(time)}, {shares}}}  # the last rows only judge\n",
        )
    moments = [choice.name for choice in kept if kind_of(str(choice.kind)).is_moment]
    by_time = (
        f"    # by: time, column: {scalar(moments[0])}  # better where new rows are to be told from older ones, "
        "as a split by hash lets the model learn from what came later\n"
        if moments
        else ""
    )
    return (
        "preprocessing:\n  split:\n",
        by_time,
        "    by: hash  # group or time, with column: NAME, where rows belong together or follow each other\n",
        "    # test: 0.2  # share of the rows that only judge; fewer where they are very many\n",
        "    # validation: 0.15  # share that chooses; of tables these are learned from, too, in turns\n",
    )


def family_for(kinds: Iterable[str]) -> str:
    """The family that suits features of these kinds best."""
    found = frozenset(kinds)
    return max(MODELS.names(), key=lambda name: MODELS.module(name).Settings.suits(found))


def _hint(family: str) -> str:
    hint: str = MODELS.module(family).Settings.hint
    return f"  # {hint}" if hint else ""


def _one_line(text: str) -> str:
    return one_line(" ".join(text.split()), _COMMENT)
