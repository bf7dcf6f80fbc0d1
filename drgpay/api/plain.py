"""Arrow batches of any engine, grouped: what Python offers of drgpay.grouper.plain.

Like it, this loads neither polars nor the libraries of policies and rules.
"""

from drgpay.api.arguments import checked
from drgpay.grouper import plain

plain_schema = checked(plain.plain_schema)
group_plain = checked(plain.group_plain)
