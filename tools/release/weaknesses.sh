#!/usr/bin/env bash
# Looks for known weaknesses of what Tilgate is linked with, where their database
# can be asked; where not, that is said, and is no failure.
# VULN_DB names another database, such as a folder: file:///srv/vulndb.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0
readonly db=${VULN_DB:-https://vuln.go.dev}

echo "== govulncheck"
case $db in
file://*) reached=yes ;;
*) curl --silent --fail --max-time 10 --output /dev/null "$db/index/db.json" && reached=yes || reached= ;;
esac
if [ -z "$reached" ]; then
	echo "SKIPPED: the database of weaknesses, $db, cannot be reached; NOT CHECKED: known weaknesses"
	exit 0
fi
timeout 900 go run "$govulncheck" -db "$db" ./cmd/tilgate
