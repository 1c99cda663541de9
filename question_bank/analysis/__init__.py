"""What marked responses say about the items, the exam and the bank: item statistics, reliability, 2PL, advice."""
