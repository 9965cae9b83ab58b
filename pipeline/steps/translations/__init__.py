"""What is done with translations once they are there: selection (which), checks (what fails), examination (translating
back, judging), retries (translating again what has findings), quality (what is known of all of them).
"""
