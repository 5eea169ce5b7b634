"""OPEN SET 3: the families of networks, one folder each.

Its `__init__` has `Settings`, its section in the YAML; `net` has

    defaults(settings, transform, rows) → dict
        every hyperparameter that the YAML leaves out, and how it learns best: a pure function of the data's size
    build(settings, transform) → nn.Module
        a batch's inputs → [B, M, K]: B rows, M ensemble members (1 for a single network), K numbers a row, as many as
        the target asks for; what the problem makes of them stands in `keepfit.problems.objective`

`Settings.by_steps` is False where nothing is learned by steps. A module says in `named` what its tensors' places mean,
so that it can begin with what an earlier one learned: see `keepfit.features.named`.

A module may have `see(inputs)`, which is called once with some train rows before it learns; and `begin(train,
validation, objective) → Inputs, Inputs`, which fits a part of it directly, to all rows of the two parts before the
first step, and gives what each row of the one and of the other is to carry beside its inputs in training alone, where
the part is held: [N, …] by a name of its own. What `begin` fitted is kept unless an epoch is better. A `net` that says
`FITTED = True` is fitted by that alone and takes no steps, see `keepfit.models.fitted`; what of its settings is only
known then, such as the size of trees, its module gives as `fitted`; and `HOLDS_OUT = True` says that the rows carry
what did not see them, so that in a portfolio (`keepfit.models.portfolio`) it needs no turns. One that reads token by
token may have `stepping()`, a `Stepping` of which export makes a second graph: see
`keepfit.stages.export.stepping`. One that draws has `noise`, how many random numbers a row it takes, and finds them as
an input: see `keepfit.data.noise`. One whose loss is another network that learns against it is an `Adversary`, see
`keepfit.models.adversary`. A package of a user's that declares an entry point in the group `keepfit.models` adds
a family under the entry point's name.
"""

TABLE = {
    "auto": "keepfit.models.auto",
    "mlp": "keepfit.models.mlp",
    "boosting": "keepfit.models.boosting",
    "forest": "keepfit.models.forest",
    "linear": "keepfit.models.linear",
    "retrieval": "keepfit.models.retrieval",
    "wide_deep": "keepfit.models.wide_deep",
    "cnn": "keepfit.models.cnn",
    "rnn": "keepfit.models.rnn",
    "gru": "keepfit.models.gru",
    "lstm": "keepfit.models.lstm",
    "attention": "keepfit.models.attention",
    "language": "keepfit.models.language",
    "vae": "keepfit.models.vae",
    "gan": "keepfit.models.gan",
    "custom": "keepfit.models.custom",
}
"""Name → the package; nothing is imported yet."""
