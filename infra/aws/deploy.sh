#!/usr/bin/env bash
# deploy.sh dev|prod: the data plane, then the application on it, then the site. Again: whatever has changed since.
# USE_CASE names the use case, titanic by default; each has stacks of its own.
# Needs credentials of the account in the environment, and the project's tools (make .local/envs/sam/.ready .local/envs/cloud/.ready).
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=${1:?deploy.sh dev or deploy.sh prod}
export USE_CASE=${USE_CASE:-titanic}
application=${USE_CASE//_/-}-$environment
export PATH="$PWD/.local/envs/sam/bin:$PWD/.local/envs/uv/bin:$PATH" SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=${AWS_REGION:-us-east-1}

case $environment in
  dev) shape=(MultiAZ=false BackupDays=1) tracing=PassThrough ;;
  prod) shape=(MultiAZ=true BackupDays=14 DatabaseClass=db.t4g.small CacheNodeType=cache.t4g.small) tracing=Active ;;
  *) echo "✗ There is no environment $environment: dev or prod" >&2; exit 2 ;;
esac
[ -z "${ALARM_EMAIL:-}" ] || shape+=("AlarmEmail=$ALARM_EMAIL")

sam deploy --template-file infra/aws/data.yaml --stack-name "$application-data" --resolve-s3 --no-fail-on-empty-changeset \
    --capabilities CAPABILITY_IAM --parameter-overrides "Application=$application" "${shape[@]}"

# The data plane's outputs bear the names of the application's parameters.
outputs=$(.local/envs/cloud/bin/python infra/aws/outputs.py "$application-data")
mapfile -t given <<<"$outputs"
# CloudFormation resolves a reference anew when its text changes: with the version in it, that is whenever the secret does.
database=$(.local/envs/cloud/bin/python infra/aws/secret_reference.py "$application/database-url")
redis=$(.local/envs/cloud/bin/python infra/aws/secret_reference.py "$application/redis-url")
sam build
sam deploy --config-env "$environment" --stack-name "$application" --parameter-overrides "UseCase=$USE_CASE" "${given[@]}" "Tracing=$tracing" \
    "DatabaseUrl=$database" "RedisUrl=$redis"

export PYTHONPATH=infra/profile
.local/envs/cloud/bin/python infra/aws/migrate.py "$application"
.local/envs/cloud/bin/python infra/aws/publish.py "$application" "$USE_CASE"
