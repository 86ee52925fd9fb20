# `make demo` and `make test` are all a fresh machine needs: each sets up what is missing first.
SWIFT ?= swift
PHASEWISE = .build/release/phasewise
# Demo and tests share one optimised build: 200 seeds then take seconds. Tests look inside modules, hence the flag.
RELEASE = -c release -Xswiftc -enable-testing
CXX_HOST ?= clang++

.PHONY: setup build demo test test-browser test-slurm test-example bench format lint goldens results microbenchmarks \
    test-microbenchmarks clean

setup:
	@.ci/setup

build: setup
	$(SWIFT) build $(RELEASE) --product phasewise

demo: build
	$(PHASEWISE) compare Profiles/scenarios/azure-conv.yaml --database Results/demo.sqlite

test: setup
	$(SWIFT) build $(RELEASE) --build-tests
	.ci/test

# A report and timelines of real runs, in headless Chromium; installs what it needs, from Debian's packages.
test-browser: build
	.ci/browser
	python3 Tests/BrowserTests/browser_test.py

# The same sweep as a Slurm job array and in one process: needs the distribution's slurmctld, slurmd and munge.
test-slurm: build
	.ci/test-slurm

# The package in Sources/Examples that brings a policy of its own, built and gated.
test-example: build
	.ci/test-example

# Speed and memory beside their bars, in some minutes; on a quiet machine.
bench: build
	$(SWIFT) build $(RELEASE) --product Benchmarks
	.build/release/Benchmarks

format:
	$(SWIFT) format -i -r Package.swift Sources Tests

lint:
	$(SWIFT) format lint -s -r Package.swift Sources Tests

# Rewrites the expected outputs under Tests/Golden; review the difference.
goldens:
	PHASEWISE_REWRITE_GOLDENS=1 $(SWIFT) test $(RELEASE)

clean:
	$(SWIFT) package clean

# Remakes the published tables under Results/.
results: build
	Results/azure-conv/remake
	Results/policies/remake
	$(PHASEWISE) reproduce semi-pd
	Results/semi-pd-no-gain/remake
	Results/calibration/remake
	Results/replay/remake
	.ci/browser
	Results/demo-report/remake
	$(PHASEWISE) regress power Profiles/suites/engines.yaml

# The CUDA measurements behind Profiles/kernels: needs the CUDA toolkit, CMake and a GPU of compute capability 9.0.
microbenchmarks:
	cmake -S Sources/Microbenchmarks -B Sources/Microbenchmarks/build -DCMAKE_BUILD_TYPE=Release
	cmake --build Sources/Microbenchmarks/build --parallel

# The host side of the microbenchmarks: needs a C++ compiler only, which Swift brings.
test-microbenchmarks:
	@mkdir -p .build
	$(CXX_HOST) -std=c++17 -O1 -Wall -Wextra -I Sources/Microbenchmarks Sources/Microbenchmarks/Harness/*.cpp \
	    Sources/Microbenchmarks/Serving/Rules.cpp Sources/Microbenchmarks/Serving/Log.cpp \
	    Sources/Microbenchmarks/Tests/*.cpp -o .build/microbenchmark-tests
	.build/microbenchmark-tests
