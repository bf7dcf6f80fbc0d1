"""The approved runs of a folder: for each month and part, what it is paid by."""

from dataclasses import dataclass
from pathlib import Path

from drgpay.approval.state import History, history_of
from drgpay.results.run_ids import RECORD_ENDING


@dataclass(frozen=True)
class Approved:
    """A run that was approved at some time: of which month and parts, and what became of it.

    corrects: the run that it corrects; its amounts then come on top of that one's.
    """

    folder: Path
    run: str
    period: str
    parts: tuple[str, ...]
    corrects: str | None
    paid: bool
    replaced_by: str | None

    def is_in_force_of(self, run: str) -> bool:
        """Whether it corrects a run, and is what the correction is paid by."""
        return self.corrects == run and self.replaced_by is None


def approved_beside(folder: Path) -> list[Approved]:
    """The runs that lie beside the folder of a run, it too, and were ever approved; by name.

    Raises DrgpayError for a record that is damaged.
    """
    return approved_in(folder.resolve().parent)


def approved_in(runs: Path) -> list[Approved]:
    """The runs of a folder of runs that were ever approved; by name. Raises as approved_beside."""
    found = []
    for path in sorted(runs.glob(f"[!.]*{RECORD_ENDING}")):
        folder = path.with_name(path.name.removesuffix(RECORD_ENDING))
        approved = _approved(folder, history_of(folder))
        if approved:
            found.append(approved)
    return found


def _approved(folder: Path, history: History) -> Approved | None:
    about = history.approved
    if about is None:
        return None
    return Approved(
        folder=folder,
        run=folder.name,
        period=about["period"],
        parts=tuple(about["parts"]),
        corrects=about["corrects"],
        paid=any(step.kind == "paid" for step in history.steps),
        replaced_by=history.replaced_by,
    )
