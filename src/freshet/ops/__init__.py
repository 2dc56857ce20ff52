"""What keeps an installation going: chores while it serves, backups, erasures, a check-up."""
