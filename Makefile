# The two commands of the README are `make demo` and `make test`; each sets up .venv by itself.
ENV ?= dev
VENV := .venv/bin
# Whatever the caller has exported for Ansible, these targets use the checkout.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export PYTHON

.PHONY: help setup demo serve demo-down test test-all lint bench clean

help:
	@echo "make setup      prepare .venv: Ansible, its collections and, where there is none, Terraform"
	@echo "make demo       deploy ENV (default dev) to an AWS embedded in this machine, and serve its API on 127.0.0.1"
	@echo "make serve      serve it again, and print a command that calls it"
	@echo "make demo-down  stop that AWS; what it held is lost"
	@echo "make test       the tests that every change must pass, linters included"
	@echo "make test-all   all tests: what a release must pass"
	@echo "make lint       only the linters"
	@echo "make bench      measure a deployment beside a shell loop of terraform commands"
	@echo "make clean      remove .venv and .work"

setup:
	@tools/setup run

demo:
	@tools/setup run
	$(VENV)/ansible-playbook deploy.yml -i inventories/$(ENV) -e site_builder_target=local
	$(VENV)/ansible-playbook playbooks/serve.yml -i inventories/$(ENV) -e site_builder_target=local

serve:
	@tools/setup run
	$(VENV)/ansible-playbook playbooks/serve.yml -i inventories/$(ENV) -e site_builder_target=local

demo-down:
	@tools/setup run
	$(VENV)/ansible-playbook playbooks/local_aws_down.yml -i inventories/$(ENV)

test:
	@tools/setup dev
	$(VENV)/python -m pytest -m "not long"

test-all:
	@tools/setup dev
	$(VENV)/python -m pytest

lint:
	@tools/setup dev
	$(VENV)/python -m pytest tests/lint

bench:
	@tools/setup run
	$(VENV)/python tools/bench.py 5
	$(VENV)/python tools/bench_growth.py

clean:
	rm -rf .venv .work .cache .pytest_cache .ruff_cache .hypothesis
