"""The kinds of values a policy holds; every table of the file is a `Section`."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=9, decimal_places=4)]
Ratio = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=4)]
PositiveRatio = Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=4)]
PositiveFactor = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)]
PointAmount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=4)]
Yuan = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=2)]
PositiveYuan = Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=2)]
MONTH_PATTERN = r"^\d{4}-(0[1-9]|1[0-2])$"
Month = Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
Year = Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A table of the policy file: no unknown keys, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
