"""Values of a policy that tell their source, in its schema."""

from pydantic.json_schema import JsonSchemaValue

from drgpay.schemas.refs import DEFS, beside_ref

_WITH_SOURCES = "WithSources"
_SOURCED = "Provenance"
_HAS_VALUE: JsonSchemaValue = {"required": ["value"]}


def with_sources(schema: JsonSchemaValue, provenance: JsonSchemaValue) -> JsonSchemaValue:
    """A policy's schema with tables of `value`, `source` and `verified` where they may stand.

    provenance: the schema of what such a table says beside its value. The reader looks for it in
    tables (policy/load.py), not in lists and not in another such `value`: what is a table in both
    places has two definitions. Keywords of tables and of other values stand side by side where they
    can, for of alternatives (anyOf) an editor cannot tell where the mistake is.
    """
    defined: dict[str, JsonSchemaValue] = {**schema["$defs"]}
    about = provenance["properties"]
    forms = {"type": "object", "required": ["value"], "additionalProperties": False}
    defined[_SOURCED] = provenance | {"properties": {"value": True} | about} | forms

    def told(plain: JsonSchemaValue) -> JsonSchemaValue:
        return beside_ref(_SOURCED, {"properties": {"value": plain}})

    def either(node: JsonSchemaValue) -> JsonSchemaValue:
        beside = {key: node[key] for key in ("default", "description") if key in node}
        plain = {key: value for key, value in node.items() if key not in beside}
        name = plain.get("$ref", "").removeprefix(DEFS)
        if "properties" in defined.get(name, {}):
            return table(name) | beside
        if plain.get("type") == "object":
            return {"if": _HAS_VALUE, "then": told(plain), "else": inside(plain)} | beside
        if plain.get("type") == "array":
            keywords = forms | {"type": ["array", "object"]}
            return plain | {"properties": {"value": plain} | about} | keywords | beside
        return {"anyOf": [*inside(plain).get("oneOf", [plain]), told(plain)]} | beside

    def table(name: str) -> JsonSchemaValue:
        sourced = f"{name}{_WITH_SOURCES}"
        if sourced not in defined:
            node = defined[name]
            whole = inside(node)
            whole["properties"] |= {"value": {"$ref": DEFS + name}} | about
            needed = {"required": whole.pop("required")} if "required" in whole else {}
            defined[sourced] = whole | {
                "if": _HAS_VALUE,
                "then": {"propertyNames": {"enum": ["value", *about]}},
                "else": needed | {"properties": dict.fromkeys(about, False)},
            }
        return {"$ref": DEFS + sourced}

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

    whole = inside(schema)
    return whole | {"$defs": defined}
