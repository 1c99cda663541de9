from autograder.checks import mistake
