"""The file of a supervision: the runs that are looked at, those looked back on, and further tables."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from drgpay.base.words import Sentences
from drgpay.policy.fields import Count, Name, PositiveCount, Section
from drgpay.policy.load import read_keys
from drgpay.records.dataset import RecordsInput
from drgpay.run.job import beside, scheme_beside
from drgpay.supervise.rulebook import rulebook_path

_ERRORS = Sentences("errors/supervise")


class RunFile(Section):
    """[[months]] and [[lookback]]: a finished run, and the records that it was settled from."""

    run: Name
    stays: Name | None = None
    mapping: Name | None = None
    encoding: Name | None = None
    clinical_codes: bool = False
    ignore: tuple[Name, ...] = ()
    scheme: Name | None = None
    visits: Name | None = None
    items: Name | None = None
    visits_mapping: Name | None = None
    items_mapping: Name | None = None


class TablesFile(Section):
    """[tables]: what a region may have beside its records; each is optional."""

    stays_ext: Name | None = None
    stay_days: Name | None = None
    stay_items: Name | None = None
    beds: Name | None = None
    deaths: Name | None = None
    item_rules: Name | None = None
    lists: Name | None = None
    decisions: Name | None = None
    person_points: Name | None = None
    care_elsewhere: Name | None = None


class SampleFile(Section):
    """[sample]: how many case files can be reviewed, and the seed of the random layer."""

    capacity: PositiveCount | None = None
    seed: Count = 1


class SuperviseFile(Section):
    """The keys of the file of a supervision; relative paths start at its folder."""

    name: Name
    hospitals: Name
    rules: Name | None = None
    months: Annotated[tuple[RunFile, ...], Field(min_length=1)]
    lookback: tuple[RunFile, ...] = ()
    tables: TablesFile = TablesFile()
    decided: tuple[Name, ...] = ()
    sample: SampleFile = SampleFile()


@dataclass(frozen=True)
class RunInput:
    """A run with its records, paths resolved. current: of [[months]]; else it is only looked back on.

    scheme: that its stays were grouped by, where it is none that is shipped.
    """

    run: Path
    current: bool
    stays: RecordsInput | None
    visits: RecordsInput | None
    items: RecordsInput | None
    scheme: str | None


@dataclass(frozen=True)
class SuperviseJob:
    """The file of a supervision with its paths resolved. tables: those that are given, by
    name. decided: folders of decisions on earlier clues.
    """

    path: Path
    file: SuperviseFile
    hospitals: Path
    rules: Path
    runs: tuple[RunInput, ...]
    tables: dict[str, Path]
    decided: tuple[Path, ...] = ()


def load_supervise(path: Path) -> SuperviseJob:
    """Read the file of a supervision; raises DrgpayError with the path of every wrong key."""
    what, remedy = _ERRORS.words("supervise_file"), _ERRORS.words("supervise_keys")
    file = read_keys(path, SuperviseFile, what, remedy)
    here = path.parent
    runs = [_run(here, one, current=True) for one in file.months]
    runs += [_run(here, one, current=False) for one in file.lookback]
    given = file.tables.model_dump(exclude_none=True)
    return SuperviseJob(
        path=path,
        file=file,
        hospitals=here / file.hospitals,
        rules=rulebook_path(here / file.rules if file.rules else None),
        runs=tuple(runs),
        tables={name: here / table for name, table in given.items()},
        decided=tuple(here / one for one in file.decided),
    )


def _run(here: Path, file: RunFile, *, current: bool) -> RunInput:
    def records(given: str | None, mapping: str | None) -> RecordsInput | None:
        if given is None:
            return None
        coded = file.clinical_codes
        return RecordsInput(here / given, beside(here, mapping), file.encoding, coded, file.ignore)

    return RunInput(
        here / file.run,
        current,
        records(file.stays, file.mapping),
        records(file.visits, file.visits_mapping),
        records(file.items, file.items_mapping),
        scheme_beside(here, file.scheme) if file.scheme else None,
    )
