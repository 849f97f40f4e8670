"""Everything that anybody may send, through the front door of a real server: no 500, no hang, no memory that grows."""
