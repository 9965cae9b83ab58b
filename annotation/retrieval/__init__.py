"""Examples for prompts over HTTP: for programs that write prompts of their own."""
