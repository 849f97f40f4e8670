"""What Prometheus reads: figures of the installation, asked of the store, and figures that each process keeps of itself."""
