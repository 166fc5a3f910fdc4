"""The studio's addresses: one blueprint per step of a study, and one each for the list and for people."""
