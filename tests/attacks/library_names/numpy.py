pi = 0
raise SystemExit("BREACH: not the library")
