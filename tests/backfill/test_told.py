"""What a backfill says of itself: sentences, page and artifact, from figures made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keepfit.backfill.page import markdown, write
from keepfit.backfill.told import Backfilled, Difference, Told


def difference(value: float, reach: float = 0.01) -> Difference:
    return Difference(difference=value, low=value - reach, high=value + reach, rows=100)


def told(month: int, outcome: Any, challenger: Difference | None = None, figures: Any = None) -> Told:
    earned = {"followed": 0.9, "never": 0.7, "always": 0.91} if figures is None else figures
    return Told(
        at=f"2025-0{month}-01", until=f"2025-0{month + 1}-01", rows=1000 * month, coming=1000, outcome=outcome,
        reason="because", sentence="<b>Because</b> | it is", report=f"runs/{month}/report.html", earned=earned,
        so_far=earned, challenger=challenger,
    )  # fmt: skip


def found(*periods: Told, metric: str = "accuracy", **changed: Any) -> Backfilled:
    ways = {"followed": 0.9, "never": 0.7, "always": 0.91}
    against = {"never": difference(0.2), "always": difference(-0.01, 0.02)}
    whole = {"earned": ways, "against": against, "rows": 4000, "left_out": 0, **changed}
    return Backfilled(
        pipeline="people_x", metric=metric, every="month", periods=periods, confidence=0.9, **whole
    )  # fmt: skip


WALK = found(
    told(1, "FAILED", figures={}),
    told(2, "FIRST"),
    told(3, "PROMOTE", difference(0.05)),
    told(4, "PROMOTE", difference(-0.05)),
    told(5, "HOLD", difference(0.05)),
    told(6, "REJECT", difference(-0.05)),
    told(7, "HOLD", difference(0.005)),
)


def test_a_verdict_is_right_where_it_lets_in_the_better_model_or_keeps_out_the_worse() -> None:
    assert [one.was_right for one in WALK.periods] == [None, None, True, False, False, True, None]
    assert (WALK.right, WALK.wrong, WALK.failed) == (2, 2, 1)


def test_the_sentences_say_which_way_earned_what_and_how_sure_that_is() -> None:
    assert WALK.sentence == (
        "Accuracy on the 4,000 rows that came next: following the verdicts 90.0 %, never retraining 70.0 %, "
        "always promoting 91.0 %."
    )
    assert WALK.sentences == [
        "Following the verdicts is better by 20.0 points than never retraining (90 % interval +19.0 to +21.0).",
        "Following the verdicts is level with always promoting (90 % interval -3.0 to +1.0).",
        "Of the verdicts on a challenger the rows that came next bear out 2 and speak against 2; of 1 they do not "
        "tell.",
        "Periods without a verdict: 1 of 7.",
    ]


def test_errors_are_told_in_the_targets_unit_and_as_shares() -> None:
    walk = found(told(2, "FIRST"), metric="rmse", earned={"followed": 1234.5, "never": 2000.0, "always": 1234.5})
    assert walk.sentence.startswith("RMSE on the 4,000 rows that came next: following the verdicts 1,234, ")
    assert "better by 20.0 % of the error than never" in walk.sentences[0]


def test_where_no_model_came_into_service_that_is_said(tmp_path: Path) -> None:
    walk = found(told(2, "REJECT", figures={}), earned={}, against={}, rows=0)
    assert walk.sentence.startswith("No model came into service. The last period: <b>Because")
    assert "Because" in Path(write(walk, tmp_path).page).read_text()
    assert "svg" not in markdown(walk)


@pytest.mark.parametrize("text", ["following the verdicts", "90.0 %", "+5.0 points (+4.0 to +6.0)", "2025-07-01"])
def test_page_and_artifact_say_the_same(tmp_path: Path, text: str) -> None:
    page = Path(write(WALK, tmp_path).page).read_text()
    assert text in page
    assert text in markdown(WALK)


def test_the_page_leads_to_each_periods_report_and_obeys_nothing_in_the_data(tmp_path: Path) -> None:
    page = Path(write(WALK, tmp_path).page).read_text()
    assert all(one.report in page for one in WALK.periods)
    assert "<b>Because" not in page
    assert "<script" not in page
    assert page.count("<svg") == 1


def test_the_artifact_is_small_enough_for_prefect() -> None:
    periods = tuple(told(n % 8 + 1, "HOLD", difference(0.05)) for n in range(1000))
    assert len(markdown(found(*periods))) < 900_000
