"""What trained encoders say about records, shared by those who train them and by the annotator: labels of documents,
answers to questions, relations. `predictors` is the table."""
