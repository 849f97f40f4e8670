"""What a prompt says about sound, camera, light and place. Pure functions from text to records."""
