"""AWS for finops-cost-management: bills, accounts, and what can be saved."""
