"""Who annotates: rules, few-shot classification, trained adapters, and people in Label Studio."""
