"""What rules may ask about a client's recency, frequency and money (RFM)."""
