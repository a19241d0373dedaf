"""Statistics of accuracies: standard errors, intervals, and paired tests."""
