"""HTTP collector: takes events by POST, answers for each once they are durable, spools them.

`serving.serve` runs it, `keys` makes and revokes API keys, `landing.land_segments` lands what it
took.
"""
