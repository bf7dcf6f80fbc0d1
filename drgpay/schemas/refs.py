"""Definitions of a schema, and what leads to them."""

from typing import Any

from pydantic.json_schema import JsonSchemaValue

DEFS = "#/$defs/"


def beside_ref(name: str, more: JsonSchemaValue) -> JsonSchemaValue:
    """A reference to a definition, and more.

    Taplo, as older drafts of JSON Schema, reads nothing that stands beside a $ref itself.
    """
    ref = {"$ref": f"{DEFS}{name}"}
    return {"allOf": [ref]} | more if more else ref


def reached_definitions(schema: JsonSchemaValue) -> JsonSchemaValue:
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
            name = str(node.get("$ref", "")).removeprefix(DEFS)
            if name in defined and name not in reached:
                reached[name] = defined[name]
                waiting.append(defined[name])
    return dict(sorted(reached.items()))
