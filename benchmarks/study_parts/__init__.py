"""Parts of small_data.py, prompt_or_tune.py and transfer.py: real sets, cells that are measured, their ledger."""
