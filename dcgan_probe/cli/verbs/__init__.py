"""Options and help text of each verb, one light module per verb, without imports of the work."""
