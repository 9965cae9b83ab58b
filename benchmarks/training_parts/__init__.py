"""The parts of the benchmark of training: loops beside ours, tunings compared, killed trainings, memory."""
