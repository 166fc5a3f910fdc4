"""A look at one's own study: the participant page in frames, in a database that is thrown away."""
