"""What several reviewers of a record say together: a vote where they agree, an adjudicator where they do not."""
