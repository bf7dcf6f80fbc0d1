"""[confirmation]: hospitals confirm a run before it is approved (docs/approval.md)."""

from typing import Annotated, Literal

from pydantic import Field

from drgpay.policy.fields import Section


class Confirmation(Section):
    """[confirmation]: until when a hospital may answer, and what counts where it does not.

    days: calendar days after the day on which the statements were sent; the last one counts whole.
    """

    days: Annotated[int, Field(ge=1, le=366)]
    silence: Literal["confirmed", "objected"]
