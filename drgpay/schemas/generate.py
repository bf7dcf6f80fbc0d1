"""Make JSON Schemas of the models by which the TOML files are read.

A schema accepts what the reader accepts: numbers in quotation marks, one name where several may
stand, and in a policy each value plain or as a table with its source. It cannot tell what needs more
than one key, and it wants what nobody means to write otherwise: true and false for themselves.
"""

import json
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from drgpay.policy.load import Provenance
from drgpay.policy.model import Policy
from drgpay.records.mapping.model import Mapping
from drgpay.run.job import JobFile
from drgpay.run.year_job import YearFile
from drgpay.schemas.files import Kind
from drgpay.simulate.scenario import ScenarioFile

_MODELS: dict[Kind, type[BaseModel]] = {
    "job": JobFile,
    "year": YearFile,
    "policy": Policy,
    "scenario": ScenarioFile,
    "mapping": Mapping,
}
_NUMBERS: dict[str, JsonSchemaValue] = {
    "Whole": {"type": ["integer", "string"], "pattern": r"^\s*[+-]?\d[\d_]*(\.0+)?\s*$"},
    "Decimal": {
        "type": ["number", "string"],
        "pattern": r"^\s*[+-]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?\s*$",
    },
}
"""Numbers, plain or in quotation marks."""
_WIDTH = 100
_DEFS = "#/$defs/"
_WITH_SOURCES = "WithSources"
_SOURCED = "Provenance"
_HAS_VALUE: JsonSchemaValue = {"required": ["value"]}


def generated(kind: Kind) -> str:
    """The JSON Schema (draft 2020-12) of a kind of TOML file, as its model reads it now."""
    schema = _named_once(_MODELS[kind].model_json_schema(schema_generator=_OfToml))
    schema["$defs"] |= _NUMBERS
    if kind == "policy":
        schema = _with_sources(schema)
    schema["$defs"] = _reached(schema)
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": f"drgpay {kind}"}
    return _written(head | schema | head) + "\n"


def _written(node: Any, above: str = "") -> str:
    """JSON with a line for what fits in one, so that a change is seen where it is."""
    text = json.dumps(node, ensure_ascii=False)
    if len(above) + len(text) <= _WIDTH or not isinstance(node, dict | list):
        return text
    below = above + " "
    if isinstance(node, list):
        parts, ends = [_written(one, below) for one in node], "[]"
    else:
        named = ((json.dumps(key, ensure_ascii=False), inner) for key, inner in node.items())
        parts, ends = [f"{key}: {_written(inner, below)}" for key, inner in named], "{}"
    return f"{ends[0]}\n{below}" + f",\n{below}".join(parts) + f"\n{above}{ends[1]}"


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
            return _beside_ref(name, more)
    return {key: _named_once(below) for key, below in node.items()}


def _beside_ref(name: str, more: JsonSchemaValue) -> JsonSchemaValue:
    """A definition and more: Taplo, as older drafts, reads nothing that stands beside a $ref."""
    ref = {"$ref": f"{_DEFS}{name}"}
    return {"allOf": [ref]} | more if more else ref


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


def _with_sources(schema: JsonSchemaValue) -> JsonSchemaValue:
    """A policy's schema with tables of `value`, `source` and `verified` where they may stand.

    They are looked for in tables (policy/load.py), not in lists and not in such a `value`: what is a
    table in both places has two definitions. Keywords of tables and of other values stand side by
    side where they can, for of alternatives (anyOf) an editor cannot tell where the mistake is.
    """
    defined: dict[str, JsonSchemaValue] = schema["$defs"]
    about = Provenance.model_json_schema(schema_generator=_OfToml)["properties"]
    defined[_SOURCED] = {
        "type": "object",
        "description": Provenance.__doc__,
        "properties": {"value": True} | about,
        "required": ["value"],
        "additionalProperties": False,
    }

    def told(plain: JsonSchemaValue) -> JsonSchemaValue:
        return _beside_ref(_SOURCED, {"properties": {"value": plain}})

    def either(node: JsonSchemaValue) -> JsonSchemaValue:
        beside = {key: node[key] for key in ("default", "description") if key in node}
        plain = {key: value for key, value in node.items() if key not in beside}
        name = plain.get("$ref", "").removeprefix(_DEFS)
        if "properties" in defined.get(name, {}):
            return table(name) | beside
        if plain.get("type") == "object":
            return {"if": _HAS_VALUE, "then": told(plain), "else": inside(plain)} | beside
        if plain.get("type") == "array":
            merged = defined[_SOURCED] | {"properties": {"value": plain} | about}
            return plain | merged | {"type": ["array", "object"]} | beside
        return {"anyOf": [*inside(plain).get("oneOf", [plain]), told(plain)]} | beside

    def table(name: str) -> JsonSchemaValue:
        sourced = f"{name}{_WITH_SOURCES}"
        if sourced not in defined:
            node = defined[name]
            whole = inside(node)
            whole["properties"] |= {"value": {"$ref": _DEFS + name}} | about
            whole |= {
                "if": _HAS_VALUE,
                "then": {"propertyNames": {"enum": ["value", *about]}},
                "else": {
                    "required": whole.pop("required", []),
                    "properties": dict.fromkeys(about, False),
                },
            }
            defined[sourced] = whole
        return {"$ref": _DEFS + sourced}

    def inside(node: JsonSchemaValue) -> JsonSchemaValue:
        found = dict(node)
        for key in ("properties", "patternProperties"):
            if key in node:
                found[key] = {name: either(below) for name, below in node[key].items()}
        if isinstance(node.get("additionalProperties"), dict):
            found["additionalProperties"] = either(node["additionalProperties"])
        if "oneOf" in node:
            found["oneOf"] = [either(one) for one in node["oneOf"]]
        return found

    return inside(schema)


def _reached(schema: JsonSchemaValue) -> JsonSchemaValue:
    """The definitions that a schema leads to."""
    defined = schema["$defs"]
    reached: dict[str, JsonSchemaValue] = {}
    waiting: list[Any] = [{key: value for key, value in schema.items() if key != "$defs"}]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            name = str(node.get("$ref", "")).removeprefix(_DEFS)
            if name in defined and name not in reached:
                reached[name] = defined[name]
                waiting.append(defined[name])
    return dict(sorted(reached.items()))
