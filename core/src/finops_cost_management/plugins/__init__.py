"""How plugins are found, checked and called."""
