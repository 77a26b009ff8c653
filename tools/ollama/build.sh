#!/usr/bin/env bash
# Builds the real Ollama server for tests and prints the path of the binary as
# the last line of its output.
#
#   build.sh [--install] [OUT]
#
# Without OUT, an ollama on the PATH is taken as it is; else the binary in the
# cache, ${XDG_CACHE_HOME:-~/.cache}/tilgate/ollama-VERSION/ollama, is reused,
# or built there first. Two cores take about five minutes. Only one build of a
# binary runs at a time: the others wait for it and take what it made.
#
# --install lets root install missing Debian packages with apt-get.
#
# Exit code 3: a compiler or a header is missing, and which; tests may go on
# without a server. 2: misused. Anything else but 0: the build failed.
set -euo pipefail

readonly version=0.17.4 # as in go.mod
readonly missing=3
say() { printf 'build ollama: %s\n' "$*" >&2; }

install=no out=
for arg in "$@"; do
	case $arg in
	--install) install=yes ;;
	-*) say "unknown flag $arg; usage: build.sh [--install] [OUT]"; exit 2 ;;
	*) [ -z "$out" ] || { say "one OUT only; usage: build.sh [--install] [OUT]"; exit 2; }
		out=$arg ;;
	esac
done

if [ -z "$out" ]; then
	if path=$(command -v ollama); then
		say "using the one on the PATH"
		echo "$path"
		exit
	fi
	out=${XDG_CACHE_HOME:-$HOME/.cache}/tilgate/ollama-$version/ollama
fi
mkdir -p "$(dirname "$out")"
out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")

done_already() {
	[ -x "$out" ] || return 1
	echo "$out"
}
done_already && exit
exec 9>"$out.lock"
if ! flock -n 9; then
	say "another build is running; waiting for it"
	flock 9
fi
done_already && exit

# What the module zip leaves out: each line is a Debian package and a command
# that succeeds when it is there.
compiles() { echo "#include <$1>" | "${CXX:-g++}" -E -x c++ - >/dev/null 2>&1; }
lacking() {
	command -v "${CXX:-g++}" >/dev/null || echo g++
	compiles nlohmann/json.hpp || echo nlohmann-json3-dev
	compiles stb/stb_image.h || echo libstb-dev
}
packages=$(lacking | tr '\n' ' ')
if [ -n "$packages" ] && [ $install = yes ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	say "installing $packages"
	# shellcheck disable=SC2086 # one word each
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; } >&2
	packages=$(lacking | tr '\n' ' ')
fi
if [ -n "$packages" ]; then
	say "missing (named as in Debian): $packages"
	say "install them, or run this as root with --install"
	exit $missing
fi

cd "$(dirname "$0")"
# The default flags use no SIMD at all and are 10 to 30 times slower.
flags=-O3
if [ "$(go env GOARCH)" = amd64 ] && grep -qw avx2 /proc/cpuinfo; then
	flags="-O3 -march=x86-64-v3"
fi
say "building $version with $flags; this takes minutes"
started=$SECONDS
trap 'rm -f "$out.tmp"' EXIT
CGO_ENABLED=1 CGO_CPPFLAGS="-I$PWD/include" CGO_CFLAGS=$flags CGO_CXXFLAGS=$flags \
	go build -trimpath -o "$out.tmp" \
	-ldflags "-s -w -X github.com/ollama/ollama/version.Version=$version -X github.com/ollama/ollama/server.mode=release" \
	github.com/ollama/ollama >&2
mv "$out.tmp" "$out"
say "built in $((SECONDS - started)) s"
echo "$out"
