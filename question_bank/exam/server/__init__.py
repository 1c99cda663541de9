"""The exam in a browser: sign-in, the student's pages, the instructor's live view.

hall.py     what every page needs: exam, forms, responses, clock
app.py      the Flask application: headers, limits, error pages
access.py   codes, sign-in, sessions
sheet.py    what a student's page shows of the form
take.py     the student's pages and autosave
watch.py    the instructor's live view
"""
