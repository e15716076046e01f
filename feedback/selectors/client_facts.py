"""Survey scores of a client, offered to the rules of client groups."""
