"""Class numbers become their names, at any depth of a row, as the features of a Hugging Face data set say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: The key under which `datasets` writes its features into the schema of Parquet and Arrow files.
KEY = b"huggingface"


def features_in(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """The features of a data set in a schema's metadata; none where there are none or they cannot be read."""
    try:
        features = json.loads((metadata or {}).get(KEY, b"{}"))["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return features if isinstance(features, dict) else {}


def named(value: Any, feature: Any) -> Any:
    """The value with every class number in it as its name; a number without a name stays."""
    if value is None or not isinstance(feature, dict | list) or not feature:
        return value
    if isinstance(value, list | tuple):
        inner = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        return [named(item, inner) for item in value]
    if isinstance(feature, list):
        return value
    if isinstance(feature.get("names"), list) and feature.get("_type") == "ClassLabel":
        names = feature["names"]
        return names[value] if isinstance(value, int) and 0 <= value < len(names) else value
    inner = feature["feature"] if "_type" in feature and "feature" in feature else feature
    if isinstance(value, dict) and isinstance(inner, dict):
        return {key: named(item, inner.get(key)) for key, item in value.items()}
    return value
