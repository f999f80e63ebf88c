"""Policies: what must hold of the resources, the bill and the answers of a pipeline."""
