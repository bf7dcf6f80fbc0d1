"""Make JSON Schemas of the models by which the TOML files are read.

A schema accepts what the reader accepts: numbers in quotation marks, one name where several may
stand, and in a policy or a transition each value plain or as a table with its source. It cannot tell what needs more
than one key, and it wants what nobody means to write otherwise: true and false for themselves.
"""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from drgpay.evaluation.file import EvaluationFile
from drgpay.policy.load import Provenance
from drgpay.policy.model import Policy
from drgpay.records.mapping.model import Mapping
from drgpay.responsibility.file import ResponsibilityFile
from drgpay.run.job import JobFile
from drgpay.run.year_job import YearFile
from drgpay.schemas.files import Kind
from drgpay.schemas.refs import beside_ref, reached_definitions
from drgpay.schemas.sources import with_sources
from drgpay.schemas.written import written
from drgpay.simulate.scenario import ScenarioFile
from drgpay.transition.file import TransitionFile

_MODELS: dict[Kind, type[BaseModel]] = {
    "job": JobFile,
    "year": YearFile,
    "policy": Policy,
    "scenario": ScenarioFile,
    "mapping": Mapping,
    "transition": TransitionFile,
    "responsibility": ResponsibilityFile,
    "evaluation": EvaluationFile,
}
_WITH_SOURCES: frozenset[Kind] = frozenset({"policy", "transition", "responsibility"})
"""Files whose values may tell their source."""
_NUMBERS: dict[str, JsonSchemaValue] = {
    "Whole": {"type": ["integer", "string"], "pattern": r"^\s*[+-]?\d[\d_]*(\.0+)?\s*$"},
    "Decimal": {
        "type": ["number", "string"],
        "pattern": r"^\s*[+-]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?\s*$",
    },
}
"""Numbers, plain or in quotation marks."""


def generated(kind: Kind) -> str:
    """The JSON Schema (draft 2020-12) of a kind of TOML file, as its model reads it now."""
    schema = _named_once(_MODELS[kind].model_json_schema(schema_generator=_OfToml))
    schema["$defs"] |= _NUMBERS
    if kind in _WITH_SOURCES:
        about = Provenance.model_json_schema(schema_generator=_OfToml)
        schema = with_sources(schema, about)
    schema["$defs"] = reached_definitions(schema)
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": f"drgpay {kind}"}
    return written(head | schema | head) + "\n"


class _OfToml(GenerateJsonSchema):
    """Schemas of what stands in TOML, which has no null, before pydantic has converted it."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A title that repeats the key says nothing."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """What may be left out."""
        return self.generate_inner(schema["schema"])

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        """A whole number, plain or in quotation marks."""
        return super().int_schema(schema) | _NUMBERS["Whole"]

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """A number, plain or in quotation marks."""
        limits: dict[str, Any] = {**schema}
        bounds = {key: _plain(limits[name]) for name, key in _BOUNDS.items() if name in limits}
        return _NUMBERS["Decimal"] | bounds

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A table; a key that must have a form and has not is refused."""
        table = super().dict_schema(schema)
        return table | ({"additionalProperties": False} if "patternProperties" in table else {})

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Alternatives; the keyword `discriminator` is of OpenAPI, not of JSON Schema."""
        union = super().tagged_union_schema(schema)
        return {key: value for key, value in union.items() if key != "discriminator"}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """With the default, unless it is that nothing is given."""
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        """The default as it would stand in the file."""
        return _plain(dft)


_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def _named_once(node: Any) -> Any:
    """The kinds of numbers by their names, since every number would repeat them."""
    if isinstance(node, list):
        return [_named_once(below) for below in node]
    if not isinstance(node, dict):
        return node
    for name, number in _NUMBERS.items():
        if node | number == node:
            more = {key: value for key, value in node.items() if key not in number}
            return beside_ref(name, more)
    return {key: _named_once(below) for key, below in node.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(exclude_none=True, by_alias=True))
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
