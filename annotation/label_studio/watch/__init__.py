"""What people save in Label Studio, in the store within seconds: webhooks are hints, looking is the truth."""
