"""How tapctl reaches AWS."""
