"""Running Meterhouse as containers: the image, and how each of its services starts."""
