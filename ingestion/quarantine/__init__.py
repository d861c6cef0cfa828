"""What is done about deliveries in quarantine: list, export, replay after a fix, discard."""
