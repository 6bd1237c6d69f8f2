"""What tests share: the house they live in, people who act, faults, and how both are watched."""
