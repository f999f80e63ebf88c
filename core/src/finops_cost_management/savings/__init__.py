"""What becomes of recommendations: held against the bill when found, and when carried out."""
