"""Review by people in Label Studio: server, label config, push, pull, status.

`session.connect` opens the way; `push.push`, `pull.pull` and `status.review_status` use what it gives.
Nothing heavy is imported before it is used.
"""
