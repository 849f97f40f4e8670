"""Where time goes, request by request: spans for whoever collects traces. Off, it costs nothing and loads nothing."""
