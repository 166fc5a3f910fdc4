"""The report: page, tables, methods text and LaTeX."""
