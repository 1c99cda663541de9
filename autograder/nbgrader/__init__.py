"""The bridge to nbgrader: its folders, gradebook and pages, our judgement.

nbgrader's own ``autograde`` runs the student's notebook in a kernel of the instructor's account and believes what
comes out.  Here the same command reads the notebook as a stranger's bytes, has it judged as programs, and writes
the points where nbgrader looks for them.  nbgrader is imported by the modules that extend it, and only by them.
"""
