# Thin: what to type. CMake knows how (see CMakePresets.json).
PRESET ?= release
BUILD  := build/$(PRESET)
JOBS   ?= $(shell nproc)
MINUTES ?= 10

PACKAGES := g++ cmake ninja-build make pkg-config git python3 ca-certificates openssl \
  libcaf-dev libssl-dev libc-ares-dev zlib1g-dev libsnappy-dev libsodium-dev libcrypt-dev nlohmann-json3-dev \
  libyaml-cpp-dev libspdlog-dev \
  libfmt-dev libcli11-dev libcpp-httplib-dev doctest-dev libnats-dev nats-server
FUZZ_PACKAGES   := clang-14 libclang-rt-14-dev
FORMAT_PACKAGES := clang-format-14
RUN_ARGS ?=

.PHONY: help run test bench fuzz format format-check check install deps build clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

deps: ## install the Debian packages that are missing
	@scripts/install-packages.sh $(PACKAGES)

build: deps ## build, and no more
	@cmake --preset $(PRESET) > build-$(PRESET).log 2>&1 || { cat build-$(PRESET).log; exit 1; }
	@rm -f build-$(PRESET).log
	cmake --build --preset $(PRESET) -j $(JOBS)

run: ## build, then start a broker (RUN_ARGS="--config FILE"; without: the safe embedded default)
	@$(MAKE) --no-print-directory build
	@exec $(BUILD)/bin/troupe run $(RUN_ARGS)

test: ## build, then run every test
	@$(MAKE) --no-print-directory build
	ctest --preset $(PRESET) -j $(JOBS)

bench: ## side by side with nats-server (BENCH_ARGS="--peer PATH --turns N")
	@$(MAKE) --no-print-directory build
	python3 bench/side_by_side.py --troupe $(BUILD)/bin/troupe --relay $(BUILD)/bin/relay \
	  --peer /usr/sbin/nats-server $(BENCH_ARGS)
	$(BUILD)/bin/sublist_bench
	$(BUILD)/bin/identity_bench

fuzz: ## fuzz each parser for MINUTES minutes
	@scripts/install-packages.sh $(PACKAGES) $(FUZZ_PACKAGES)
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	scripts/fuzz.sh build/fuzz/bin $(MINUTES)

format: ## let clang-format rewrite what is not in shape
	@scripts/install-packages.sh $(FORMAT_PACKAGES)
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i

format-check: ## only say what is not in shape
	@scripts/install-packages.sh $(FORMAT_PACKAGES)
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 --dry-run -Werror

check: ## what CI does: tests, format, sanitizers
	.ci/run

install: ## install the binary, its nats-server name and the samples under DESTDIR/prefix
	@$(MAKE) --no-print-directory build
	cmake --install $(BUILD)

clean: ## remove all builds
	rm -rf build
