"""How well a pack reads a labelled set, as a figure for its card: accuracy, micro and macro F1 over the set's own labels."""

from pathlib import Path

from model.card import Figure
from model.judge.answers import Answers, judge
from model.judge.figures import accuracy, macro_f1, micro_f1
from model.judge.labelled import read_set
from model.pack import Pack


def evaluate(pack: Pack, path: Path, labels: str) -> Figure:
    """Read the texts in ``path`` with ``pack`` and compare them with those of the set ``labels``.

    ``labels`` is the name of one of the sets that the card's recipe lists, or ``own``. Where several labels may hold,
    accuracy counts the texts whose labels are all right and no other.
    Raises FatalError in one line when the file or a label is wrong.
    """
    judged = judge(pack, read_set(pack.card, path, labels))
    return figure(judged.main, path.stem, f"groundswell evaluate {path.name} --labels {labels}")


def figure(answers: Answers, name: str, command: str) -> Figure:
    """The card's figure of a head's ``answers`` to the set ``name``, which ``command`` measures again."""
    return Figure(
        set=name,
        rows=len(answers.rows),
        accuracy=accuracy(answers),
        micro_f1=micro_f1(answers),
        macro_f1=macro_f1(answers),
        command=command,
    )
