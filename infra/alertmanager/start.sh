#!/bin/sh
# Alertmanager with one receiver, the webhook $ALERT_WEBHOOK_URL; without it alerts are shown on its page and nowhere else.
# start.sh FOLDER [OPTION …]: it keeps its configuration and its silences in FOLDER.
set -eu
umask 077
folder=$1
shift
{
    cat "$(dirname "$0")/alertmanager.yml"
    printf 'receivers:\n  - name: webhook\n'
    if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then
        printf "    webhook_configs: [{url: '%s'}]\n" "$(printf %s "$ALERT_WEBHOOK_URL" | sed "s/'/''/g")"
    fi
} > "$folder/alertmanager.yml"
# Without an address of its own for a cluster it would listen for one on every interface.
exec "${ALERTMANAGER:-alertmanager}" --config.file="$folder/alertmanager.yml" --storage.path="$folder" \
    --cluster.listen-address= "$@"
