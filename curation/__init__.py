"""What is curated, and how clinical text is read: record, layer, scheme, decision, author, stage.

Folders: `text` (reading of clinical text), `store` (the database), `sources` (import), `generate` (synthetic
summaries), `embeddings`, `models` (language models), `deidentify`, `scoring` (comparison of layers), `tagging`
(entities as labels of words), `error_detection`, `sets` (duplicates, split, freezing).
"""
