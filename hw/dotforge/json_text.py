"""JSON as all of it is written."""

import json
import math
from typing import Any

__all__ = ["json_text"]


def json_text(value: Any, **layout: Any) -> str:
    """Return JSON, which knows no NaN and no infinity: what is such is ``null``.

    Parameters
    ----------
    layout : arguments of :func:`json.dumps`, such as ``indent``
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, **layout)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, **layout)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
