"""The progress of each annotator: records done, time, and agreement with the others."""
