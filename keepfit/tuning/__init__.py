"""The search for better settings: trainings with other ones, judged by the validation rows and never by the test's.

`space` says what is varied, `trials` keeps what was tried, `search` does it; `told`, `chart` and `page` say what came
of it, `suggestion` writes the best settings beside the YAML and puts them into it when a person accepts them. The
search has a store of its own inside the pipeline's, so that a run by schedule is neither held up nor changed by it.
"""
