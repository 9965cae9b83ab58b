"""One layer from several reviewers of a record: by vote where they agree, by an adjudicator where they do not."""
