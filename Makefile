# `make` alone lists the verbs. Each does its own set-up: see Scripts/setup.

HTTP_PORT ?= 8080
REGISTRY_PORT ?= 8081
# For `make conformance`: the registry of a running server; its HTTP port is the one below unless HTTP says otherwise.
TARGET ?=
HTTP ?=
BACKEND_HOST ?=
# For `make fuzz` and `make simulate`.
MINUTES ?= 10
STEPS ?= 1000000
SIM_SEED ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-core test-system conformance conformance-table bench bench-instructions bench-apply bench-memory bench-undisturbed soak simulate \
	fuzz sanitize sanitize-program check format build notices clean

help:  ## List the verbs
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run:  ## Build, start the proxy with two demo instances on ports 8080 and 8081 (HTTP_PORT, REGISTRY_PORT)
	@HTTP_PORT=$(HTTP_PORT) REGISTRY_PORT=$(REGISTRY_PORT) Scripts/run-demo

test:  ## Everything that CI runs: the gate, unit tests, system tests
	@Scripts/check all

test-core:  ## Unit tests of the pure targets and the data plane, without package downloads
	@Scripts/check core

test-system:  ## System tests of the release build, or of APUS_BIN
	@Scripts/check system

conformance:  ## The guide's promises against our build, or TARGET=host:port (registry; HTTP=host:port, BACKEND_HOST=…)
	@TARGET=$(TARGET) HTTP=$(HTTP) BACKEND_HOST=$(BACKEND_HOST) Scripts/conformance

conformance-table:  ## Write Docs/Conformance.md anew
	@Scripts/conformance --write-table

bench:  ## CPU per request side by side with nginx and HAProxy, then instructions per request
	@Scripts/setup build bench && Scripts/build release && Benchmarks/run && Benchmarks/instructions

bench-instructions:  ## Instructions per request alone, against the thresholds in the repository
	@Scripts/setup build bench && Scripts/build release && Benchmarks/instructions

bench-apply:  ## Latency of ROUTE_ADD + CONFIG_APPLY with many routes under traffic, and memory per route
	@Scripts/setup build bench && Scripts/build release && Benchmarks/apply

bench-memory:  ## Memory per idle connection
	@Scripts/setup build bench && Scripts/build release && Benchmarks/run --scenarios idle

bench-undisturbed:  ## Whether changes of one service touch the connections of another
	@Scripts/setup build bench && Scripts/build release && Benchmarks/undisturbed

soak:  ## The load scenarios in their full size
	@Scripts/setup build test && Scripts/build release && Scripts/system-tests --jobs 1 --heavy -mheavy

simulate:  ## Simulate the registry with faults: STEPS=1000000, SIM_SEED=… replays
	@Scripts/setup build && Scripts/simulate $(STEPS) $(SIM_SEED)

fuzz:  ## Each fuzz target for MINUTES=10
	@Scripts/setup build && Scripts/fuzz $(MINUTES)

sanitize:  ## Unit tests of the core under the address and the thread sanitizer
	@Scripts/setup build && Scripts/sanitize core

sanitize-program:  ## System tests of the program under the address sanitizer
	@Scripts/setup build test && Scripts/sanitize program

check:  ## The gate without tests: format, warnings, imports, unsafe counts, shell lint
	@Scripts/check gate

format:  ## Format all Swift files in place
	@swift format --in-place --recursive --parallel Package.swift Sources Tests

build:  ## A release build
	@Scripts/setup build && Scripts/build release

notices:  ## Write THIRD-PARTY-NOTICES.txt anew from the packages of the last build
	@Scripts/notices

clean:  ## Remove what was built here
	@rm -rf .build .build-* && find . -name __pycache__ -prune -exec rm -rf {} +
