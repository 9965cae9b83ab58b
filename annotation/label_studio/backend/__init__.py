"""The live back end: an annotator of ours answers Label Studio's requests for predictions."""
