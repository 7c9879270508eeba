"""Frequently asked questions: what people of the business answered, grouped, drafted, and live only once approved."""
