"""What goes to Label Studio and what comes back: task payloads, push, pull, ledger."""
