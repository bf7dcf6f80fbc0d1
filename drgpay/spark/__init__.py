"""Spark: stays and visits of a province grouped on its cluster, by the same rules (docs/howto-spark.md)."""

from drgpay.spark.session import local_session
from drgpay.spark.stays import group, narrow
from drgpay.spark.visits import group_visits, visit_findings

__all__ = ["group", "group_visits", "local_session", "narrow", "visit_findings"]
