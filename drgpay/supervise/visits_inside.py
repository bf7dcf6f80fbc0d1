"""Visits of a person during a stay: joined by person, and looked up by day (07, "visit_inside", "hanging_bed")."""

import polars as pl

from drgpay.supervise.material import Material


def visits_elsewhere(material: Material, stays: pl.DataFrame) -> pl.DataFrame:
    """case_id, visit_id, visited (hospital), visit_date: visits at another institution strictly inside a stay.

    stays: case_id, person, hospital_id, admission_date, discharge_date.
    """
    visits = material.visits("visit_id", "person", "hospital_id", "visit_date").filter(
        pl.col("person").is_not_null()
    )
    return (
        stays.select("case_id", "person", "hospital_id", "admission_date", "discharge_date")
        .join(visits.rename({"hospital_id": "visited"}), on="person")
        .filter(
            (pl.col("visited") != pl.col("hospital_id"))
            & (pl.col("admission_date") < pl.col("visit_date"))
            & (pl.col("visit_date") < pl.col("discharge_date"))
        )
        .select("case_id", "visit_id", "visited", "visit_date")
        .sort("case_id", "visit_date", "visit_id")
    )
