raise SystemExit("BREACH: not the library")
