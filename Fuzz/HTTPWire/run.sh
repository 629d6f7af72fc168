#!/bin/sh
# Fuzzes the request head, the response head and chunked bodies, each with the address sanitizer.
# usage: run.sh [SECONDS [TARGET…]]   targets: request-head response-head chunked; 60 seconds each by default
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/.build-fuzz-http-wire}
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- request-head response-head chunked
mkdir -p "$build"
cd "$build"

flags="-O -wmo -swift-version 6 -parse-as-library -sanitize=fuzzer,address -I ."
flags="$flags -strict-memory-safety -enable-experimental-feature Lifetimes"
flags="$flags -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility"
# shellcheck disable=SC2086
swiftc $flags -module-name HTTPWire -emit-module -emit-object "$root"/Sources/HTTPWire/*.swift -o HTTPWire.o

for target in "$@"; do
    case $target in
    request-head) file=RequestHeadFuzz ;;
    response-head) file=ResponseHeadFuzz ;;
    chunked) file=ChunkedFuzz ;;
    *) echo "no such target: $target" >&2 && exit 2 ;;
    esac
    # shellcheck disable=SC2086
    swiftc $flags -module-name "$file" "$here/FuzzInput.swift" "$here/$file.swift" HTTPWire.o -o "$target"
    # Each seed begins with the two bytes that choose a rewrite and the size of the pieces.
    mkdir -p "corpus-$target"
    number=0
    while IFS= read -r seed; do
        number=$((number + 1))
        printf '%b' "$seed" >"corpus-$target/seed-$number"
    done <"$here/seeds/$target.txt"
    echo "== $target, $seconds s"
    ./"$target" -max_total_time="$seconds" -max_len=4096 -timeout=30 -print_final_stats=1 -dict="$here/http.dict" \
        -artifact_prefix="$target-" "corpus-$target"
done
