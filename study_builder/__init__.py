"""From a set of sounds to a study: stimuli, configs, orders and checks."""
