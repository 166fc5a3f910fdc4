"""The paper's tables: methods scored on the clips of a setting."""
