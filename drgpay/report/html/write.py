"""Leave the report as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, rights_like
from drgpay.base.language import Language
from drgpay.base.words import Sentences
from drgpay.records.writing import staged_file
from drgpay.report.html.page import GENERATOR, report_html
from drgpay.report.html.year_runs import runs_beside, runs_of_the_year
from drgpay.results.manifest import MANIFEST
from drgpay.results.run_folder import RunFolder

_ERRORS = Sentences("errors/report")
_HEAD_BYTES = 1_000


@dataclass(frozen=True)
class WrittenReport:
    """Where a report lies and the runs whose point values it compares."""

    path: Path
    months: list[RunFolder]


def write_report(
    run_path: Path,
    further: Sequence[Path] = (),
    out: Path | None = None,
    language: Language = "zh",
) -> WrittenReport:
    """Write the report of a month or of a clearing; by default `<run>.html` beside its folder.

    further: runs of other months of the year; without any, the latest run of each month that lies
    beside the run; of a clearing those of its months. A report is written over, since it can be made again; any other file is not.
    Raises DrgpayError for what is not a run, for further runs of another year, region or of the
    same month, and for a place where no report may be written.
    """
    run = RunFolder.at(run_path)
    months = runs_of_the_year(run, further) if further else runs_beside(run)
    path = out or run_path.resolve().with_name(f"{run_path.resolve().name}.html")
    _refuse_place(path)
    text = report_html(run, months, language)
    # Beside a run it is for those whom the run is for.
    with staged_file(path, OWNER if out else rights_like(run_path)) as staged:
        staged.write_text(text, encoding="utf-8", newline="\n")
    return WrittenReport(path, months)


def _refuse_place(path: Path) -> None:
    if path.suffix.lower() not in (".html", ".htm"):
        raise DrgpayError(*_ERRORS("no_html", path=path))
    if (path.parent / MANIFEST).is_file():
        raise DrgpayError(*_ERRORS("in_a_run", path=path))
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if f'content="{GENERATOR}"'.encode() not in head:
            raise DrgpayError(*_ERRORS("no_report", path=path))
