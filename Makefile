# Each target does all of its own set-up. `make help` lists them.
SHELL := /bin/bash
GO    ?= go
BIN   := bin/darkroom
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help build demo test test-unit test-postgres test-node test-e2e test-slow soak leaks check-deploy race lint vuln fuzz bench generate setup clean screenshots

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/darkroom (static, no cgo)
	$(GO) build -trimpath -ldflags "-s -w" -o $(BIN) ./cmd/darkroom

demo: ## Install what is missing, build, capture the built-in site and save the ZIP
	@scripts/setup browser
	@$(MAKE) --no-print-directory build
	@$(BIN) demo

test: ## Everything in its short form: unit, integration, clients, e2e (≤ 10 minutes)
	@scripts/setup test
	@scripts/report $(MAKE) --no-print-directory test-unit test-node test-e2e

# Tests that run at once wait more than they work, for pages and for browsers.
test-unit: ## Go tests of every room, real Chromium and real SQLite
	$(GO) test -parallel 4 $(TESTFLAGS) $$($(GO) list ./... | grep -v -e /e2e -e '/bench$$')

test-postgres: ## Every test that has a database on PostgreSQL; `make test` has those of what happens at once
	DARKROOM_TEST_DATABASE=postgres $(GO) test $(TESTFLAGS) -count=1 ./internal/store ./internal/queue ./internal/worker

test-node: ## The Node client's own tests
	cd clients/node && node --test test/unit/*.test.*

# Those that run at once wait more than they work.
test-e2e: build ## The whole program, killed in the middle, with the clients
	$(GO) test -count=1 -parallel 6 -timeout 9m ./e2e/...

test-slow: ## Race detector, linters, longer fuzzing, PostgreSQL and kill loops (about an hour)
	@scripts/setup slow
	@$(MAKE) --no-print-directory lint race test-postgres fuzz leaks check-deploy
	DARKROOM_LONG=1 $(GO) test -count=1 -run '^TestOnePageOneHash$$' ./internal/chrome
	DARKROOM_LONG=1 $(GO) test -count=1 -parallel 6 -timeout 50m ./e2e/...

soak: build ## The long forms that take hours
	@scripts/setup test
	DARKROOM_SOAK=1 $(GO) test -count=1 -timeout 12h -v ./e2e/... -run 'Killed|MemoryStaysFlat|ACrawl|AtAnyPoint|NoStop'

leaks: ## What gets out of each browser, contained, not at all, and without each flag
	@scripts/setup slow
	DARKROOM_LONG=1 $(GO) test -count=1 -timeout 20m -v -run '^(TestLeaks|TestEachFlagHolds|TestContainment)$$' ./internal/chrome

check-deploy: ## Dockerfile, compose files, systemd unit, chart and alarms, with what reads them
	@scripts/setup slow
	@scripts/check-deploy

# Two tests that only count pixels take minutes under the detector. The browsers'
# room has the machine to itself.
race: ## Go tests under the race detector
	CGO_ENABLED=1 $(GO) test -race -p 2 -timeout 30m $$($(GO) list ./... | grep -v -e /e2e -e /bench -e 'internal/chrome$$')
	CGO_ENABLED=1 $(GO) test -race -timeout 30m -skip 'TestNothingIsMissing/100,000_pixels|TestHashOfTiles' ./internal/chrome

lint: ## Linters, pinned in tools/go.mod
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

vuln: ## Known vulnerabilities, from vuln.go.dev or GOVULNDB (VULN_OPTIONAL=1: pass where neither can be read)
	@scripts/vuln

fuzz: ## Each fuzz target 30,000 times (FUZZTIME=10s: for so long)
	@scripts/fuzz $${FUZZTIME:-30000x}

bench: build ## Throughput and cost beside other programs, in one run (BENCHFLAGS="-only many")
	@scripts/setup bench
	$(GO) run ./bench $(BENCHFLAGS)

screenshots: build ## Pictures of every page of the dashboard, and two of the documentation, into docs/screenshots, made by the program itself
	@scripts/setup browser
	$(GO) run ./e2e/screenshots $(BIN) docs/screenshots

generate: ## Write the generated files again
	$(GO) generate ./...

setup: ## Install the browser, the fonts and the tools that the tests need
	@scripts/setup test

clean: ## Remove what the build and the tests leave
	rm -rf bin tmp darkroom-demo.zip
