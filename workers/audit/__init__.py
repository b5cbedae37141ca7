"""What auditors check scores by: the root of a day, drawing lots, computing and counting anew, figures. No pages."""
