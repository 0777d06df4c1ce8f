"""What proposes offspring: agents, found through the entry points ``evogit.agents``."""
