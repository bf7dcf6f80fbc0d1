"""What becomes of runs: kept for ten years, forgotten by decision. The commands, called from Python."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from drgpay.api.arguments import checked
from drgpay.run.archive import Archive, keep
from drgpay.run.forgetting import Forgotten, day_of, forget_old


@checked
def keep_runs(
    runs: Sequence[str | Path],
    to: str | Path,
    *,
    jobs: Sequence[str | Path] = (),
    recipients: Sequence[str] = (),
) -> Archive:
    """Make an archive of runs with all that is needed to verify them, as `drgpay keep` does.

    to: a new folder, or a file whose name ends in .tar. jobs: their job and year files. recipients:
    public keys (age1...) for which records are encrypted; without any they are left out. Returns
    `runs`, `missing` (named and not found), `inputs`, `left_out` and `sha256`. Raises DrgpayError for a
    place that is taken and for damaged runs. Source: docs/commands.md, "drgpay keep".
    """
    return keep([Path(run) for run in runs], Path(to), [Path(job) for job in jobs], recipients)


@checked
def forget_runs(
    runs: str | Path,
    before: str | date,
    *,
    by: str = "",
    note: str = "",
    dry_run: bool = False,
    force: bool = False,
) -> list[Forgotten]:
    """Remove what old runs of a folder hold about persons, as `drgpay forget` does.

    before: the day before which their month or year ended, as 2022-01-01. by: who decides. Returns of
    each run that holds rows on persons its `state` (`gone`, `would_go`, `kept`), and `found`: files,
    those beside it, why it is needed, archives that are not touched. Raises DrgpayError without a
    decider, unless dry_run, and for no folder. Source: docs/commands.md, "drgpay forget".
    """
    if isinstance(before, datetime):  # which is a date that compares with none
        before = before.date()
    day = before if isinstance(before, date) else day_of(before)
    return forget_old(Path(runs), day, by, note, dry_run, force)
