"""Records: settlement lists that were sent in time, and that came back as wrong."""

import polars as pl

from drgpay.evaluation.indicator import Indicator, counted
from drgpay.evaluation.material import Material


def _in_time(material: Material) -> pl.DataFrame | None:
    """Uploaded within the days of discharge; one that is not in the log is late if its hospital has rows."""
    log = material.tables.get("upload_log")
    if log is None:
        return None
    sent = log.select("case_id", "uploaded_at")
    stays = material.drg_stays.join(sent, on="case_id", how="left", maintain_order="left")
    known = stays.filter(pl.col("uploaded_at").is_not_null())["hospital_id"].unique()
    days = (pl.col("uploaded_at") - pl.col("discharge_date")).dt.total_days()
    of_known = stays.filter(pl.col("hospital_id").is_in(known.implode()))
    return counted(of_known, days <= material.late_days)


def _returned(material: Material) -> pl.DataFrame | None:
    log = material.tables.get("upload_log")
    if log is None:
        return None
    sent = log.select("case_id", "returned")
    return counted(material.drg_stays.join(sent, on="case_id"), pl.col("returned"))


INDICATORS = (
    Indicator("list_on_time", "up", _in_time),
    Indicator("list_return", "down", _returned),
)
