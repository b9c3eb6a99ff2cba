"""Print the rules as README.md's table has them."""

from aws_rules import RULES, load


def main() -> None:
    """Print one line per rule."""
    load()
    print("| service | calls | AWS answers | when |\n|---|---|---|---|")
    for rule in RULES:
        calls = "all" if rule.operations == ("*",) else ", ".join(rule.operations)
        print(f"| {rule.service} | {calls} | [{rule.code}]({rule.source}) {rule.status} | {rule.says} |")


main()
