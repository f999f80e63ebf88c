"""Kubernetes costs for finops-cost-management, from Kubecost and OpenCost."""
