"""What a learner is told and asked, as records: nothing here prints."""
