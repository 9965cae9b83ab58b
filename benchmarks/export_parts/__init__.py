"""What the benchmark of exports and the tests of formats share."""
