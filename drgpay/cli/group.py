"""`drgpay group`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import (
    ClinicalCodes,
    Encoding,
    Mapping,
    Records,
    Threads,
    say_what_was_converted,
)

_said = Wording("cli").said
EXAMPLES = (
    "drgpay group stays.parquet --scheme chs-drg-2.0 --out groups.parquet",
    "drgpay group 清单.csv --scheme chs-drg-2.0 --mapping settlement-list --out groups.parquet",
    "drgpay group stays/ --scheme my-scheme/ --out groups.parquet --with-input --reasons",
)


def group(
    stays: Records,
    scheme: Annotated[str, typer.Option()],
    out: Annotated[Path, typer.Option()],
    with_input: Annotated[bool, typer.Option("--with-input")] = False,
    reasons: Annotated[bool, typer.Option("--reasons")] = False,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    threads: Threads = None,
) -> None:
    """Group stays into MDC, ADRG, DRG and severity.

    Writes case_id, status, mdc, adrg, drg, severity in the order of the input.
    """
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.grouper.stream import group_dataset
    from drgpay.records.dataset import RecordsInput

    compiled = load_compiled(scheme)
    records = RecordsInput(stays, mapping, encoding, clinical_codes)
    dataset = records.open(compiled.code_system)
    with console.progress_bar("grouping", dataset.rows) as advance:
        rows = group_dataset(dataset, compiled, out, with_input, reasons, advance, threads)
    say_what_was_converted(dataset)
    console.say(_said("grouped", chosen(), stays=f"{rows:,}", scheme=compiled.id, out=out))
