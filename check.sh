#!/usr/bin/env bash
# Runs every check: formatting, vet, staticcheck, and all tests under the race
# detector. Tests of a real Ollama use the one on the PATH, or one that is
# built here once and kept in the cache; without a C++ compiler and two header
# packages they are skipped.
set -euo pipefail
cd "$(dirname "$0")"

readonly staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

echo "== gofmt"
unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
if [ -n "$unformatted" ]; then
	printf 'not formatted; run gofmt -w on:\n%s\n' "$unformatted"
	exit 1
fi

echo "== go vet"
go vet ./...

echo "== staticcheck"
go run "$staticcheck" ./...

if [ -z "${TILGATE_OLLAMA:-}" ]; then
	echo "== ollama for the tests (built once, some minutes)"
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	if path=$(tools/ollama/build.sh 2>"$log"); then
		export TILGATE_OLLAMA=$path
	else
		code=$?
		tail -n 20 "$log"
		[ "$code" = 3 ] || exit "$code"
		echo "tests of a real Ollama will be skipped"
	fi
fi

echo "== go test"
go test -race -timeout 30m ./...

# What deploys it is held against the tools that will read it, each built once
# in some minutes.
for tool in promtool helm release; do
	echo "== tools/$tool"
	go -C "tools/$tool" test -timeout 30m ./...
done

tools/release/weaknesses.sh
