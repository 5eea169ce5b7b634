"""What `benchmarks/steps.py` asks: data, the families that answer, and what others published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Change = Mapping[str, Any]
"""What is put over a pipeline's YAML."""


def families(*names: str) -> dict[str, Change]:
    """Each with its defaults."""
    return {name: {"model": {"family": name}} for name in names}


@dataclass(frozen=True)
class Ask:
    """One set of data, and who answers."""

    name: str
    pipeline: str
    """Its folder below data/."""
    families: Mapping[str, Change]
    """Name in the table → what is put over the YAML for it; `model` stands in place of the YAML's."""
    metric: str = "accuracy"
    change: Change = field(default_factory=dict)
    """What is put over the YAML for all of them."""
    published: str = ""
    rocket: bool = False
    """Whether ROCKET is a baseline, too."""
    shared: tuple[str, str] | None = None
    """A file that some test rows stand in as well, and the column to know them by: they are judged apart."""


SERIES = families("wide_deep", "cnn", "lstm", "attention")
TEXTS = families("wide_deep", "lstm", "attention")
TEXTBOOK = {
    "problem": {"kind": "forecasting", "difference": "none", "linear": False},
    "model": {"family": "lstm", "width": 50, "bidirectional": False, "pool": "last"},
}
FORECASTS = {**families("cnn", "lstm"), "LSTM(50) → 1 of textbooks": TEXTBOOK}
TEXT_ALONE = {"features": {"text": "text"}, "evaluation": {"slices": []}}
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
NEVER_HEARD = "spoken digits by one never heard: "
STACKED = {"model": {"family": "lstm", "width": 512, "depth": 2, "bidirectional": False, "pool": "last"}}
CAUSAL = {
    "model": {"family": "language", "variant": "attention"},
}

ASKS = (
    Ask(
        "airline passengers, next month",
        "airline_passengers",
        FORECASTS,
        "rmse",
        published="LSTM of a tutorial 47.5, seasonal ARIMA 17 to 25, on other months",
    ),
    Ask("sunspots, next month", "sunspots", FORECASTS, "rmse"),
    Ask("BasicMotions", "basic_motions", SERIES, published="DTW 97.5 to 100", rocket=True),
    Ask(
        "JapaneseVowels",
        "japanese_vowels",
        SERIES | families("gru", "rnn"),
        published="FCN 99.3, ResNet 99.2, MLP 97.6",
        rocket=True,
    ),
    Ask(
        "ECG5000, 1,336 of its test rows",
        "ecg5000",
        SERIES,
        published="FCN 94.0, ResNet 93.4, MLP 92.9, of all test rows",
        rocket=True,
    ),
    Ask("SMS spam", "sms_spam", TEXTS, published="SVM 97.6, networks 98.5 to 99.4, on random splits"),
    Ask("airline tweets, text alone", "airline_tweets", families("wide_deep"), change=TEXT_ALONE),
    Ask("airline tweets, all columns", "airline_tweets", families("wide_deep"), published="BERT 84 to 86"),
    Ask(
        "ChnSentiCorp",
        "chnsenticorp",
        families("wide_deep"),
        published="BERT 95.0, TextCNN and LSTM 88 to 92, with the shared rows in train",
        shared=("chnsenticorp/train.tsv", "text_a"),
    ),
    Ask("spoken digits", "spoken_digits", families("cnn"), published="small CNNs 97 to 99"),
    *(
        Ask(NEVER_HEARD + name, "spoken_digits", families("cnn"), change={"source": {"test_names": f"*_{name}_*"}})
        for name in SPEAKERS
    ),
    Ask(
        "Tiny Shakespeare",
        "tiny_shakespeare",
        families("language") | {"language, attention": CAUSAL},
        "nats_per_character",
        published="nanoGPT 1.88 in three minutes of a laptop's CPU, 1.47 on a GPU",
    ),
    Ask(
        "MNIST",
        "mnist",
        {
            "lstm over its rows": {"model": {"family": "lstm"}},
            "attention over its patches": {"model": {"family": "attention"}},
            "LSTM(512)×2 over its rows, one epoch": {**STACKED, "training": {"epochs": 1}},
        },
    ),
)
