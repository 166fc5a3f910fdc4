"""Analysis of choices: which of two sounds, which of several, right or wrong, and by how much."""
