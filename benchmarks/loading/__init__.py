"""What the server's benchmark loads it with: a study, a small HTTP client, participants."""
