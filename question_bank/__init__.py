"""The question bank: documents become facts, facts and templates become items, items become exams."""
