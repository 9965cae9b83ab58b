"""The live back end: Label Studio asks it for predictions, and any annotator of ours answers."""
