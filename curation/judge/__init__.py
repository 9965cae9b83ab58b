"""A model's word on another author's layer, entity by entity: claims (what is asked), verdicts (what is answered), the
stage, and what was judged as it counts afterwards.
"""
