"""What retraining would have earned: a dated source walked through period by period, each retrained on what was there.

`periods` is the calendar, `plan` what has to be done, `answers` asks the models about the rows that came next,
`earned` makes figures of it, `told` and `page` say them. The walk has a store of its own inside the pipeline's, so
nothing that is in service, and no journal, is touched.
"""
