"""The jobs of the Functions app: it serves the queue, the timers and the webhooks, and keeps the subscriptions."""
