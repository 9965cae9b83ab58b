"""Boundary rules of a scheme as data, and the breaches of them in a layer."""

from validation.boundaries.breaches import Breach, breaches
from validation.boundaries.rules import Boundaries, load_boundaries

__all__ = ["Boundaries", "Breach", "breaches", "load_boundaries"]
