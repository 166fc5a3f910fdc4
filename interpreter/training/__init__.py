"""From a data set to a run: clips, losses, objectives and the loop around them."""
