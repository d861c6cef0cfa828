"""The pages: what was used, what was billed, and how both came about; reads `reporting` only."""
