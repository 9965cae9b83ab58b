"""Whether a record can be trusted: measures, rules on them, and the policy that decides.

Folders: `measures` (the table), `boundaries`, `translation`, `drift` (what measures and commands compute with), `gx`
(Great Expectations), `report`.
"""
