"""How well one layer says what another says: entities by place, the flat view by wording."""
