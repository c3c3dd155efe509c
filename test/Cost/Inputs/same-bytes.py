"""Fails unless the plan of @step sends as many bytes as the report counts in the collectives of @step."""
import re
import sys

text = sys.stdin.read()
plan = re.search(r"plan of @step\n(?:  .*\n)*?  cost: .*?(\d+) bytes sent\n", text)
lines = re.findall(r"^@step +\w+ +\S+ +\d+ +(\d+)  ", text, re.M)
planned, sent = int(plan.group(1)), sum(map(int, lines))
print(f"{planned} bytes planned, {sent} sent")
sys.exit(planned != sent or sent == 0)
