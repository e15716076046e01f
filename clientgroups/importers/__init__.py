"""What uploaded tables mean for clients and their purchases."""
