"""Pulls what people save in Label Studio within seconds: a webhook starts a pull, and only the pull is trusted."""
