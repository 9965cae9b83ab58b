"""Whether a record can be trusted: measures, expectations on them, and the policy that decides."""
