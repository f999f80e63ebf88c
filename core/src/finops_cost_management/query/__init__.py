"""Questions about costs, and their answers as tables and panels."""
