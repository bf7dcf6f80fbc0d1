"""How a schema stands in its file."""

import json
from typing import Any

_WIDTH = 100


def written(node: Any, above: str = "") -> str:
    """JSON with a line for what fits in one, so that a change is seen where it is."""
    text = json.dumps(node, ensure_ascii=False)
    if len(above) + len(text) <= _WIDTH or not isinstance(node, dict | list):
        return text
    below = above + " "
    if isinstance(node, list):
        parts, ends = [written(one, below) for one in node], "[]"
    else:
        named = ((json.dumps(key, ensure_ascii=False), inner) for key, inner in node.items())
        parts, ends = [f"{key}: {written(inner, below)}" for key, inner in named], "{}"
    return f"{ends[0]}\n{below}" + f",\n{below}".join(parts) + f"\n{above}{ends[1]}"
