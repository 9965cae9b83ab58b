"""Puts the product's packages before the scripts of this folder: `validation.py` has the name of one of them.

Every script imports this module before the product.
"""

from __future__ import annotations

import sys
from pathlib import Path

SCRIPTS = Path(__file__).parent
sys.path[:] = [
    str(SCRIPTS.parent),
    *(path for path in sys.path if Path(path or ".").resolve() != SCRIPTS.resolve()),
    str(SCRIPTS),
]
