def twice(student, x, *, axis):
    print("BREACH: not the assignment")
    return x
