"""The companion page: a study's sounds next to its scores."""
