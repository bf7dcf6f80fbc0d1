"""Projects: a folder of job, policy and mapping out of a centre's own files, as `drgpay init` makes it."""

from decimal import Decimal
from pathlib import Path

from drgpay.api.arguments import checked
from drgpay.base.language import Language, chosen
from drgpay.start.found import Nobody
from drgpay.start.project import Started, Wishes, start_project


@checked
def init_project(
    folder: str | Path,
    *,
    stays: str | Path | None = None,
    history: str | Path | None = None,
    visits: str | Path | None = None,
    items: str | Path | None = None,
    visit_history: str | Path | None = None,
    item_history: str | Path | None = None,
    hospitals: str | Path | None = None,
    weights: str | Path | None = None,
    region: str | None = None,
    year: int | None = None,
    scheme: str | None = None,
    all_mean: Decimal | float | None = None,
    language: Language | None = None,
) -> Started:
    """Make a project folder out of a centre's own files, as `drgpay init --no-input` does.

    Files are Excel, CSV or Parquet with their own headings; all_mean: yuan that weight 1 costs, for
    published weights. Returns `months` with their rows, `recognised` columns by table, `gaps` (file,
    line, what is missing), `remarks` and the check of the month. What somebody edited is left as it
    is. Raises DrgpayError for a file that cannot be read. Source: docs/start.md.
    """
    mean = Decimal(str(all_mean)) if isinstance(all_mean, float | int) else all_mean
    wishes = Wishes(
        Path(folder),
        region=region,
        year=year,
        scheme=scheme,
        all_mean=mean,
        stays=_place(stays),
        history=_place(history),
        visits=_place(visits),
        items=_place(items),
        visit_history=_place(visit_history),
        item_history=_place(item_history),
        hospitals=_place(hospitals),
        weights=_place(weights),
    )
    return start_project(wishes, Nobody(), language or chosen())


def _place(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)
