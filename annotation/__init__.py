"""Who annotates: the table of annotators, and people in Label Studio.

Folders: `rules`, `few_shot`, `llm` (annotators; `adapter` is one file), `label_studio` (review by people), `queue`
(what they see next), `agreement`, `adjudication`, `progress`, `guidelines`.
"""
