print("BREACH: not the library")
