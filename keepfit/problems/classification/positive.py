"""What is said of the positive class; the short report of a run that found nothing new says it without NumPy."""

from keepfit.quoting import cut, visible


def of_positive(name: str) -> str:
    """Which figures are of the positive class, in a sentence."""
    return f'Precision, recall, F1, ROC-AUC and PR-AUC are of the class "{shown_class(name)}".'


def shown_class(name: str) -> str:
    """A class's name as a message quotes it."""
    return cut(visible(name))
