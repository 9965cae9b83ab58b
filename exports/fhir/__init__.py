"""FHIR: bundles, what an entity is in it, values with UCUM units, what is said of machines, R5, and MII's wrapper."""
