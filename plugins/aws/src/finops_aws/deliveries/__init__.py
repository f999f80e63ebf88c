"""What AWS delivers into a bucket: manifests, their files, and where these lie."""
