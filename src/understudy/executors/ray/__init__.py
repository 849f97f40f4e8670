"""Replicas on the nodes of a Ray cluster. See `executor.RayExecutor`."""
