"""What the claims of speed are measured with: each figure against a baseline of the same run."""
