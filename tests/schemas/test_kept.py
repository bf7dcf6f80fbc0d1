"""The schemas that lie in the repository, and the files that name them."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from drgpay.schemas.files import KINDS, Kind, schema_file, schema_line
from drgpay.schemas.generate import generated
from tests.docs.markdown import DOCS, blocks
from tests.schemas.keep import PRESETS, ROOT, places
from tests.schemas.reading import said_by_reader, said_by_schema

SHIPPED: list[tuple[Path, Kind]] = [
    *((path, "policy") for path in sorted((ROOT / "policies").glob("*.toml"))),
    *((path, "mapping") for path in sorted(PRESETS.glob("*.toml"))),
    (ROOT / "sample_data" / "policy.toml", "policy"),
    (ROOT / "sample_data" / "2026-10.toml", "job"),
]
_OF_PAGES: dict[str, Kind] = {
    "scenarios.md": "scenario",
    "mappings.md": "mapping",
    "transition.md": "transition",
    "responsibility.md": "responsibility",
    "evaluation.md": "evaluation",
}


@pytest.mark.parametrize(("path", "kind"), list(places()), ids=str)
def test_a_schema_is_as_the_models_are_now(path: Path, kind: Kind) -> None:
    assert path.read_text("utf-8") == generated(kind), "python -m tests.schemas.keep"


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_of_draft_2020_12(kind: Kind) -> None:
    schema = json.loads(generated(kind))
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_a_kind_of_words_stands_beside_a_ref(kind: Kind) -> None:
    """Taplo does not read it."""

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert node.keys() <= {"$ref", "default", "description"}, node
            for below in node.values():
                walk(below)
        if isinstance(node, list):
            for below in node:
                walk(below)

    walk(json.loads(generated(kind)))


@pytest.mark.parametrize(("path", "kind"), SHIPPED, ids=str)
def test_a_shipped_file_is_as_its_schema_says(path: Path, kind: Kind) -> None:
    text = path.read_text("utf-8")
    assert not said_by_schema(kind, text)
    assert text.splitlines()[0] == schema_line(schema_file(kind))
    assert (path.parent / schema_file(kind), kind) in places()


def test_every_shipped_file_is_held_against_a_schema() -> None:
    found = {*ROOT.glob("policies/*.toml"), *ROOT.glob("sample_data/*.toml"), *PRESETS.iterdir()}
    assert {path for path in found if path.suffix == ".toml"} == {path for path, _ in SHIPPED}


def test_whole_files_of_the_documentation() -> None:
    found = []
    for page in sorted(DOCS.glob("*.md")):
        for block in blocks(page, "toml"):
            first = re.match(r"\w+", block.code)
            named: dict[str, Kind] = {"period": "job", "year": "year"}
            if page.name in _OF_PAGES:
                named["name"] = _OF_PAGES[page.name]
            kind = named.get(first[0] if first else "")
            if kind:
                found.append(kind)
                place = f"{page.name}:{block.line}"
                assert not said_by_reader(kind, block.code)[0], place
                assert not said_by_schema(kind, block.code), place
    assert sorted(found) == [
        *(
            "evaluation",
            "job",
            "mapping",
            "mapping",
            "responsibility",
            "scenario",
            "transition",
            "year",
        ),
    ]
