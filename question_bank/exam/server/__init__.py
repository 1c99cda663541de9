"""The exam in a browser: sign-in, the student's pages, the instructor's live view.

hall.py     what every page needs: exam, forms, responses, clock
app.py      the Flask application: headers, limits, error pages
access.py   codes, sign-in, sessions
sheet.py    what a student's page shows of the form
take.py     the student's pages and autosave
roll.py     where every student stands, for the instructor
table.py    the roll as a table: filters, order, cells
timeline.py one student's events and answers in words
watch.py    the instructor's live view
actions.py  what an instructor does: more time, reopening, announcements …
exports.py  what an instructor takes away
"""
