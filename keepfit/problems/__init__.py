"""OPEN SET 2: the problems, one folder each: what a model is asked, how it learns that, and how it is judged.

A problem is a package of small modules, so that none imports more than its part needs; what each gives stands in the
module of the same name here:

    __init__   `Settings`, its section in the YAML, and `Target`, its entry in transform.json
    target     `TARGET`, a `TargetColumn`: NumPy and Arrow only
    learn      `objective` and `answers`, torch: see `keepfit.problems.objective`
    judge      `JUDGE`, a `Judge`: NumPy; scikit-learn inside the functions that need it
    answer     `ANSWER`, an `Answer`: NumPy only
    graph      `TYPE` and `tail`, ONNX: see `keepfit.stages.export.assembly`
    show       `SHOW`, a `Show`: what the report says

A package of a user's that declares an entry point in the group `keepfit.problems` adds a problem under the entry
point's name.
"""

TABLE = {
    "classification": "keepfit.problems.classification",
    "regression": "keepfit.problems.regression",
    "multilabel": "keepfit.problems.multilabel",
    "next_token": "keepfit.problems.next_token",
    "forecasting": "keepfit.problems.forecasting",
    "reconstruction": "keepfit.problems.reconstruction",
    "synthesis": "keepfit.problems.synthesis",
}
"""Name → the package; nothing is imported yet. The first is asked where the YAML names none."""
