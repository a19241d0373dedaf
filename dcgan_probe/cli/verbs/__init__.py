"""Options and help of each verb, without what the verb needs to run: one module a verb, and its name."""
