"""Metrics in vectorised numpy, with confidence intervals: a million predictions of ten classes in seconds.

`keepfit.metrics.answers.Answers` judges one model, `keepfit.metrics.paired.compare` one against another.
"""
