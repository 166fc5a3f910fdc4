"""Studies drawn from the two-way model, for the power of a design and the error rates of the test."""
