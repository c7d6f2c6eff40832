# daero. `make help` lists what there is; none of it needs root, Docker or Java.
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
# What a gateway does not need: databases of Caddy's optional modules.
TAGS     := nobadger,nomysql,nopgx
GOFLAGSX := -tags $(TAGS)
BIN      := bin/daero

GOLANGCI_VERSION := v2.15.0
GOLANGCI         := bin/tools/golangci-lint-$(GOLANGCI_VERSION)

# How long one fuzz target runs, and one benchmark.
FUZZTIME  ?= 10s
BENCHTIME ?= 1s
# More flags for `go test`, for example TESTFLAGS='-run TestReload -v'.
TESTFLAGS ?=

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: fonts
fonts: ## fetch the fonts of the captcha's maps from the npm registry
	@scripts/fonts.sh

.PHONY: web
web: ## build what browsers get: needs Node.js 20 and npm, goes on without
	@scripts/web.sh

.PHONY: web-test
web-test: ## test what browsers get
	@scripts/web.sh test

.PHONY: build
build: fonts web ## build bin/daero
	@if [ ! -x $(BIN) ]; then echo "building $(BIN): the first build takes 1-4 min, the next ones seconds" >&2; fi
	@$(GO) build $(GOFLAGSX) -trimpath -ldflags '-s -w' -o $(BIN) ./cmd/daero

.PHONY: run
run: build ## build, then start the gateway with the sample messenger behind it
	@exec ./$(BIN) demo

.PHONY: test
test: fonts web ## run every test; needs only Go
	@$(GO) test $(GOFLAGSX) -timeout 10m $(TESTFLAGS) ./...

# Left out: what has no goroutines of its own, the scenarios, whose bubbles run
# one goroutine at a time and take 25 times as long here, and the kill loops,
# whose processes are killed before the detector has said anything. What waits
# for real brokers is left to make test: their Java is not looked at anyway.
# -short plays fewer random schedules: a race shows in one as in a thousand.
RACEFLAGS := $(GOFLAGSX) -short -timeout 8m -skip '^(TestRealKafka|TestOverRealKafka|TestF8BrokersAreKilled|TestTransformKeepsUp)$$'

.PHONY: race
race: ## run the tests of what runs concurrently under the race detector
	@GO=$(GO) scripts/race.sh $(RACEFLAGS) $(TESTFLAGS) ./relay
	@GO=$(GO) scripts/race.sh $(RACEFLAGS) $(TESTFLAGS) $$($(GO) list $(GOFLAGSX) ./... | \
		grep -v -e '/internal/arch$$' -e '/docs$$' -e '/scripts/' -e '/bench/' -e '/cmd/' -e '/level$$' -e '/level/fleet$$' -e '/playbook$$' -e '/relay$$' -e '/relay/verify$$' -e '/rehearse/virtual$$' \
		-e '/captcha/attack/[^p]' -e '/captcha/mapquiz/city$$' -e '/captcha/mapquiz/names$$')

.PHONY: lint
lint: $(GOLANGCI) ## check format, vet and lint
	@$(GOLANGCI) run

$(GOLANGCI):
	@echo "building golangci-lint $(GOLANGCI_VERSION): once, 1-4 min" >&2
	@mkdir -p $(@D)/new && GOBIN=$(CURDIR)/$(@D)/new $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(@D)/new/golangci-lint $@ && rmdir $(@D)/new

.PHONY: fmt
fmt: $(GOLANGCI) ## format the code as lint wants it
	@$(GOLANGCI) fmt

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	@GO=$(GO) TAGS=$(TAGS) FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: bench
bench: build ## measure the hot paths, then the whole gateway beside plain Caddy and nginx, and its captcha
	@$(GO) test $(GOFLAGSX) -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./lane/...
	@$(GO) run ./bench/gateway -daero $(BIN)
	@$(GO) run ./bench/captcha -daero $(BIN)

.PHONY: rehearse
rehearse: build ## replay the earthquake: without daero, with hand-set lanes, with daero's lanes
	@./$(BIN) rehearse earthquake

.PHONY: scenarios
scenarios: ## print the table of scenarios in virtual time
	@$(GO) test $(GOFLAGSX) ./rehearse/virtual -run '^TestScenarios$$' -v -count=1

.PHONY: peers
peers: build ## run the same storms through other admission controls
	@$(GO) -C bench/peers test -run '^TestPeers$$' -count=1 -timeout 30m -v . -update

.PHONY: kafka
kafka: ## start one real Apache Kafka on 127.0.0.1:9092 (needs Java 17 and Maven)
	@exec test/kafka/run.sh

.PHONY: verify
verify: ## kill the relay's processes and three real brokers 250 times; nothing may be lost (needs Java 17 and Maven)
	@test/kafka/fetch.sh
	@$(GO) test $(GOFLAGSX) -count=1 -timeout 30m -v ./relay/verify -run '^(TestKills|TestALeader)' -args -kills 110

.PHONY: screenshots
screenshots: ## make the pictures of docs/console during a storm (needs Chromium)
	@test/browser/run.sh screenshots.mjs

.PHONY: deps
deps: ## install what bench, peers and CI need: nginx, wrk, haproxy, promtool, PostgreSQL, Java, Maven (asks for root)
	@scripts/install-test-deps.sh

.PHONY: clean
clean: ## remove what was built
	@rm -rf bin dist web/dist/widget web/dist/console web/build
