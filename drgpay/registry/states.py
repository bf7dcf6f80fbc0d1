"""What is on record of runs, as frames beside those of the database: states, steps, answers.

The database knows nothing of it: a step changes a record, and no result.
"""

from pathlib import Path

import polars as pl

from drgpay.approval.state import History, history_of, local_time, now_in, shown_time
from drgpay.base.errors import DrgpayError

UNREADABLE = "unreadable"
"""The state of a run whose record is damaged; `drgpay runs show` and `drgpay verify` say how."""

_STEPS = {
    name: pl.String() for name in ("step", "at", "by", "known_by", "before", "note", "sha256")
}
_ANSWERS: dict[str, pl.DataType] = {
    **dict.fromkeys(("hospital_id", "name", "answered"), pl.String()),
    "late": pl.Boolean(),
    "at": pl.String(),
    "note": pl.String(),
}


def with_states(runs: pl.DataFrame, output: Path) -> pl.DataFrame:
    """Runs with `state` (draft, sent ... or UNREADABLE) and `local_time`, when they were finished.

    local_time is text, in the time zone of the run's policy: 2026-11-02 17:03:22 +08:00.
    """
    states, times = [], []
    for run, finished, zone in runs.select("run", "finished", "time_zone").iter_rows():
        try:
            states.append(str(history_of(output / run).state(now_in(zone))))
        except DrgpayError:
            states.append(UNREADABLE)
        times.append(shown_time(local_time(finished, zone)))
    return runs.with_columns(
        pl.Series("state", states, pl.String()), pl.Series("local_time", times, pl.String())
    )


def on_record(folder: Path, *hospitals: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """`steps` and `answers` of a run, with a row of answers for each hospital that was asked.

    hospitals: frames that have the names, by hospital_id. Raises DrgpayError for a damaged record.
    """
    history = history_of(folder)
    names = {
        hospital: name
        for frame in hospitals
        for hospital, name in frame.select("hospital_id", "name").iter_rows()
    }
    steps = [
        (
            *(step.kind, shown_time(step.at), step.by.name, step.by.known_by, step.before),
            *(step.note, step.sha256),
        )
        for step in history.steps
    ]
    return {
        "steps": pl.DataFrame(steps, _STEPS, orient="row"),
        "answers": _answers(history, names),
    }


def _answers(history: History, names: dict[str, str]) -> pl.DataFrame:
    answers = history.answers
    rows = []
    for hospital in history.hospitals:
        given = answers.get(hospital)
        known = (given.answer, given.late, shown_time(given.at), given.note) if given else ()
        answered, late, at, note = known or (None, None, None, None)
        rows.append((hospital, names.get(hospital), answered, late, at, note))
    return pl.DataFrame(rows, _ANSWERS, orient="row")
