# Everything one does with this project. `make` alone lists it.

PYTHON ?= python3
HOME_DIR := .local
STATE ?= $(HOME_DIR)/cloud
ENVS := $(HOME_DIR)/envs
UV := $(ENVS)/uv/bin/uv
READY := .ready

# The caller's shell must not decide what is measured or which cloud is reached.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH VIRTUAL_ENV
export SAM_CLI_TELEMETRY := 0
# Whoever sits behind a proxy has its certificate there.
export UV_SYSTEM_CERTS := 1

CLOUD := $(ENVS)/cloud/bin/embedded-cloud --home $(HOME_DIR) --state $(STATE)
CLOUD_ENVS := $(foreach env,cloud localstack lambda sam,$(ENVS)/$(env)/$(READY))

.PHONY: help up down status logs outputs test test-cloud test-product check format bench clean requirements
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

up: $(CLOUD_ENVS)  ## start the embedded cloud, deploy, train the first champion
	@$(CLOUD) up

down: $(ENVS)/cloud/$(READY)  ## stop exactly what `up` started; the data stays
	@$(CLOUD) down

status: $(ENVS)/cloud/$(READY)  ## what runs, where
	@$(CLOUD) status

logs: $(ENVS)/cloud/$(READY)  ## a function's log: make logs F=TrainingFunction
	@$(CLOUD) logs $(F)

outputs: $(ENVS)/cloud/$(READY)  ## addresses, names and keys as JSON
	@$(CLOUD) outputs

test: test-cloud test-product  ## every test, in clouds of its own

test-cloud: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## the embedded cloud's own suite; more: make test-cloud ARGS="-k timeout"
	@cd infra/local && $(abspath $(ENVS))/dev/bin/python -m pytest $(ARGS)

test-product: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## the product's suite, end to end
	@$(ENVS)/dev/bin/python -m pytest $(ARGS)

check: $(ENVS)/dev/$(READY) $(ENVS)/sam/$(READY)  ## lint, types, import contracts, template
	@$(ENVS)/dev/bin/ruff check .
	@$(ENVS)/dev/bin/ruff format --check .
	@$(ENVS)/dev/bin/mypy
	@for function in ingestion features training inference monitoring; do \
	    MYPYPATH=functions:functions/$$function $(ENVS)/dev/bin/mypy functions/$$function/*.py || exit 1; done
	@PYTHONPATH=functions:infra/local/src $(ENVS)/dev/bin/lint-imports --no-cache
	@$(ENVS)/sam/bin/cfn-lint template.yaml
	@AWS_DEFAULT_REGION=us-east-1 $(ENVS)/sam/bin/sam validate --lint

format: $(ENVS)/dev/$(READY)  ## format the Python code
	@$(ENVS)/dev/bin/ruff check --fix .
	@$(ENVS)/dev/bin/ruff format .

clean: down  ## forget everything: data, models, environments
	rm -rf $(HOME_DIR)

# ---- environments: one each, so that nobody's dependencies meet anybody else's ------------------------------------------

$(ENVS)/uv/$(READY): requirements/uv.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	    "✗ Python 3.11, 3.12 or 3.13 is needed, $(PYTHON) is %d.%d\n  → make PYTHON=python3.12 $(MAKECMDGOALS)" % v)'
	@echo "· Installing uv"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# The embedded cloud's own distribution goes where its command line runs and where LocalStack finds its plug-ins.
$(ENVS)/cloud/$(READY) $(ENVS)/localstack/$(READY) $(ENVS)/dev/$(READY): infra/local/pyproject.toml
$(ENVS)/cloud/$(READY) $(ENVS)/localstack/$(READY) $(ENVS)/dev/$(READY): DISTRIBUTION = --editable infra/local

$(ENVS)/%/$(READY): requirements/%.txt $(ENVS)/uv/$(READY)
	@echo "· Installing the $* environment"
	@$(UV) venv --quiet --clear --python $(ENVS)/uv/bin/python $(@D)
	@$(UV) pip install --quiet --python $(@D) --require-hashes --requirement $<
	@$(if $(DISTRIBUTION),$(UV) pip install --quiet --python $(@D) --no-deps $(DISTRIBUTION))
	@touch $@

# ---- pins -------------------------------------------------------------------------------------------------------------

COMPILE = $(UV) pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
    --no-annotate

requirements: $(ENVS)/uv/$(READY)  ## compile every requirements file anew
	$(COMPILE) requirements/localstack.in --exclude-newer 2026-02-28 -o requirements/localstack.txt
	@for name in cloud lambda sam uv dev; do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt; done
	@for function in ingestion features training inference monitoring; do \
	    $(COMPILE) functions/$$function/requirements.in -c requirements/lambda-constraints.in \
	        -o functions/$$function/requirements.txt; done
