"""Who handed in what, when, and what it is worth: ledger of attempts, roster, policy, marks."""
