"""Addresses, balancers, gateways and traffic."""
