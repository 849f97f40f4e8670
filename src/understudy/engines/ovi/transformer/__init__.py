"""The twin transformer: a video and an audio tower of equal depth that read each other in every block."""
