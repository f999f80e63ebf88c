"""Plugin-based FinOps: see, explain and steer cloud spend from FOCUS billing data."""
