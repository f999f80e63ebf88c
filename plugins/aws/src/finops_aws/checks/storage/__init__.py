"""Volumes, snapshots and buckets."""
