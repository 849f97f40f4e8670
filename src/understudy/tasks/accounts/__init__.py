"""Who may use the dashboard: users, their passwords, their sessions."""
