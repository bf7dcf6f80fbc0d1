"""Write the schemas that lie in the repository: `python -m tests.schemas.keep`, after a model changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from drgpay.schemas.files import KINDS, Kind, schema_file
from drgpay.schemas.generate import generated

ROOT: Final = Path(__file__).resolve().parents[2]
PRESETS: Final = ROOT / "drgpay" / "records" / "mapping" / "presets"


def places() -> Iterator[tuple[Path, Kind]]:
    """Every file of a schema: all in the package, and one beside the files that begin with its line."""
    for kind in KINDS:
        yield ROOT / "drgpay" / "schemas" / schema_file(kind), kind
    yield ROOT / "policies" / schema_file("policy"), "policy"
    yield PRESETS / schema_file("mapping"), "mapping"
    yield ROOT / "sample_data" / schema_file("policy"), "policy"
    yield ROOT / "sample_data" / schema_file("job"), "job"


if __name__ == "__main__":
    for path, kind in places():
        path.write_text(generated(kind), encoding="utf-8", newline="\n")
