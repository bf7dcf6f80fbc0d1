"""What the reader of a kind of TOML file says of values, and what its schema says."""

import json
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError
from drgpay.evaluation.file import load_evaluation
from drgpay.policy.load import load_policy
from drgpay.records.mapping.load import load_mapping
from drgpay.responsibility.file import load_responsibility
from drgpay.run.job import JobFile, read_job_file
from drgpay.run.year_job import YearFile
from drgpay.schemas.files import Kind
from drgpay.schemas.generate import generated
from drgpay.simulate.scenario import load_scenario
from drgpay.transition.file import load_transition

_FORMS = (
    *("extra_forbidden", "missing", "literal_error", "string_type", "bool_type", "int_type"),
    *("decimal_type", "tuple_type", "dict_type", "model_type", "model_attributes_type"),
    *("union_tag_invalid", "union_tag_not_found", "string_pattern_mismatch", "string_too_short"),
)
"""Mistakes that a schema can see: of keys, of types and of words that are listed."""


@cache
def _validator(kind: Kind) -> Any:
    return Draft202012Validator(json.loads(generated(kind)))


def said_by_schema(kind: Kind, text: str) -> list[str]:
    """What the schema refuses in a text of TOML."""
    return [error.message for error in _validator(kind).iter_errors(tomllib.loads(text))]


def said_by_reader(kind: Kind, text: str) -> tuple[str, bool]:
    """What the reader refuses, empty for nothing, and whether a schema can see some of it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}.toml"
        path.write_text(text, encoding="utf-8")
        try:
            _read(kind, path)
        except DrgpayError as error:
            cause = error.__context__
            seen = isinstance(cause, ValidationError) and any(
                one["type"] in _FORMS for one in cause.errors()
            )
            return str(error), seen
    return "", False


def _read(kind: Kind, path: Path) -> None:
    match kind:
        case "job":
            read_job_file(path, JobFile)
        case "year":
            read_job_file(path, YearFile)
        case "policy":
            load_policy(path)
        case "scenario":
            load_scenario(path)
        case "mapping":
            load_mapping(path)
        case "transition":
            load_transition(path)
        case "responsibility":
            load_responsibility(path)
        case "evaluation":
            load_evaluation(path)
