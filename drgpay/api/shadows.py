"""Shadow months: paid months once more under another scheme, called from Python."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl

from drgpay.api.arguments import checked
from drgpay.base.language import Language, chosen
from drgpay.transition.shadow import Shadow, factors_of
from drgpay.transition.shadow import shadow as _shadow
from drgpay.transition.shadow_output import write_shadow
from drgpay.transition.shadow_tables import machine_tables


@checked
def shadow_months(
    runs: Sequence[str | Path],
    jobs: Sequence[str | Path],
    scheme: str | Path,
    catalogue: str | Path,
    *,
    points: str | Path | None = None,
    scenarios: Sequence[str | Path] = (),
    factors: Mapping[str, Decimal] | str | Path | None = None,
    threads: int | None = None,
) -> Shadow:
    """Settle paid months once more under another scheme and catalogue; nothing is paid or written.

    runs: folders of months; jobs: their job files. points: a policy whose [points] hold under the
    other scheme. factors: neutral factors k by account, or the folder of a transition. Returns scaled
    integers; `shadow_tables` has decimals. Raises DrgpayError for runs, jobs, schemes and catalogues
    that do not go together, and for runs whose files changed. Source: docs/commands.md, drgpay shadow.
    """
    given = factors_of(Path(factors), str(scheme)) if isinstance(factors, str | Path) else factors
    return _shadow(
        [Path(run) for run in runs],
        [Path(job) for job in jobs],
        str(scheme),
        Path(catalogue),
        points=None if points is None else Path(points),
        scenarios=[Path(path) for path in scenarios],
        factors=given,
        threads=threads,
    )


@checked
def shadow_tables(shadow: Shadow) -> dict[str, pl.DataFrame]:
    """Shadow months for readers: their tables by name, as exact decimals.

    shadow_months; month_values, month_hospitals, month_levels, month_quality, month_stops by period;
    hospitals, levels, accounts, groups, migration over all months. No error. Source:
    docs/commands.md, drgpay shadow.
    """
    return machine_tables(shadow)


@checked
def save_shadow(
    shadow: Shadow, out: str | Path | None = None, *, language: Language | None = None
) -> Path:
    """Leave the folder of shadow months (Parquet, Excel, HTML) and return it.

    By default it lies in `shadow` of the last month's output. Raises DrgpayError if `out` exists.
    Source: docs/commands.md, drgpay shadow.
    """
    return write_shadow(shadow, Path(out) if out else None, language or chosen())
