"""Machines and functions."""
