"""What can be saved in clusters, by what Kubecost and OpenCost measure."""
