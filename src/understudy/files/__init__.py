"""What goes in and out: storage, uploads and addresses from outside, pictures and clips."""
