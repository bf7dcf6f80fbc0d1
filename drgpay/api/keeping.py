"""What becomes of runs: published, kept for ten years, forgotten by decision. The commands, called from Python."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from drgpay.api.arguments import checked
from drgpay.databases.settings import database_named, shared_file
from drgpay.publish.layout import USUAL_SCHEMA, schema_named
from drgpay.publish.publishing import Published
from drgpay.publish.publishing import publish_runs as publish
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


@checked
def publish_runs(
    runs: Sequence[str | Path],
    database: str,
    *,
    schema: str = USUAL_SCHEMA,
    with_tables: Sequence[str] = (),
) -> list[Published]:
    """Write finished runs into a PostgreSQL, as `drgpay publish` does.

    database: its name in ~/.config/drgpay/databases.toml. with_tables: `cases`, `payees`, for the schema of
    restricted tables. Returns of each run its id and its rows by table, in the order in which they were
    written. Raises DrgpayError for a folder that is no run or was changed, and for a database that is not
    reached or refuses: what it had of that run is then as it was. Source: docs/howto-databases.md.
    """
    place = database_named(database, shared_file(), {})
    return publish([Path(run) for run in runs], place, schema_named(schema), with_tables)
