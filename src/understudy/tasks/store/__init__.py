"""Where tasks, projects, files and webhooks are remembered."""
