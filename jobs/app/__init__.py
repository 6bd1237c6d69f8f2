"""What the Functions app does: the queue's messages, the timers, the webhooks, the subscriptions."""
