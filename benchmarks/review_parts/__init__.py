"""The parts of the review benchmark: each module measures one claim with `run(*, quick: bool)`."""
