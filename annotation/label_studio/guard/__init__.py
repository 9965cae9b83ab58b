"""What is in Label Studio that we did not make: found, named, and put back."""
