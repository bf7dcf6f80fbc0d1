"""The kinds of values a policy holds; every table of the file is a `Section`."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

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


class NamesGroups:
    """Marks the keys whose values are groups of a scheme, or lists that it has."""


Groups = Annotated[tuple[Name, ...], NamesGroups()]
EVERY_KEY = {"every_key": True}
"""Context of a dump that leaves nothing out."""


class Section(BaseModel):
    """A table of the policy file: no unknown keys, nothing changes after reading.

    added_keys: those that a dump has only where they are given, so that parameters, and the ids of
    runs, of policies without them stay what they were.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    added_keys: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _as_given(
        self, serialized: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        found: dict[str, Any] = serialized(self)
        if info.context != EVERY_KEY:
            for key in self.added_keys:
                if not getattr(self, key):
                    found.pop(key, None)
        return found
