# SPDX-License-Identifier: Apache-2.0
# relicensed: `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
SANITIZE ?=
BUILD    ?= build$(if $(SANITIZE),/sanitize)
DEPS     ?= yes
PYTHON   ?= /usr/bin/python3

# --- packages (Debian 12) -------------------------------------------------------------------------------------------
PACKAGES_build := gcc g++ pkg-config python3 zstd libcurl4-openssl-dev libuv1-dev liblmdb-dev libzstd-dev \
	libsimdjson-dev libdeflate-dev libxxhash-dev libinih-dev libyaml-dev libmicrohttpd-dev libsystemd-dev \
	libssl-dev zlib1g-dev libsqlite3-dev
PACKAGES_test  := sqlite3 jq strace libcmocka-dev python3-pytest python3-jsonschema nginx-light openssl systemd \
	systemd-container dbus
PACKAGES_check := clang clang-tidy cppcheck shellcheck codespell libclang-rt-14-dev nodejs npm python3-venv
PACKAGES_bench := nginx-light openssl curl python3-requests python3-scrapy

# --- compiling ------------------------------------------------------------------------------------------------------
CSTD     := -std=c17 -D_GNU_SOURCE
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wvla -Wformat=2
CWARNINGS = $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes
OPTIMIZE := -O3 -g -fstack-protector-strong
override CPPFLAGS += -I. -I$(BUILD)/gen -DRELICENSED_VERSION='"$(VERSION)"' $(PROJECT_DEFINES)
ifneq ($(DEVELOPER),)
WARNINGS += -Werror
endif
ifneq ($(SANITIZE),)
INSTRUMENT := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif

# V=1 shows the commands.
ifeq ($(V),)
Q = @
say = @printf '%-6s %s\n' $(1) $(2)
else
Q =
say =
endif

quoted = '$(subst ','\'',$(1))'
COMPILE_C  = $(Q)$(CC) $(CSTD) $(OPTIMIZE) $(CWARNINGS) $(INSTRUMENT) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
COMPILE_CC = $(Q)$(CXX) -std=c++17 -fno-exceptions $(OPTIMIZE) $(WARNINGS) $(INSTRUMENT) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<
LINK       = $(Q)$(CC) $(INSTRUMENT) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)

# Asked when a program is linked, not when make starts: then `make deps` has installed pkg-config.
libs = $(shell pkg-config --libs $(1))
MODEL_LIBS   = $(call libs,simdjson libcrypto) -lstdc++
STORAGE_LIBS = $(call libs,lmdb libzstd) $(MODEL_LIBS)
CLI_LIBS     = $(call libs,sqlite3)
CONFIG_LIBS  = $(call libs,inih)
DAEMON_LIBS  = $(call libs,libcurl libuv libdeflate libsystemd yaml-0.1 zlib) -lm
SIM_LIBS     = $(call libs,libmicrohttpd libdeflate libzstd libxxhash)

# --- what each program is made of: a folder is a library ------------------------------------------------------------
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))
MODEL   := $(call objects,storage/model/*.c) $(BUILD)/obj/storage/model/json_parse.o $(BUILD)/gen/license_tables.o
STORAGE := $(call objects,storage/*.c) $(BUILD)/gen/builtin_dictionary.o
CONFIG  := $(call objects,config/*.c)
CLI     := $(call objects,storage/cli/*.c) \
	$(patsubst storage/cli/schema/%.json,$(BUILD)/gen/schema_%.o,$(wildcard storage/cli/schema/*.json))
DAEMON_PARTS := $(call objects,daemon/run/*.c daemon/hub/*.c daemon/transfer/*.c daemon/crawl/*.c)
DAEMON  := $(call objects,daemon/*.c) $(DAEMON_PARTS)
HUBSIM  := $(call objects,tests/hubsim/*.c)
PROGRAMS := $(BUILD)/relicensed $(BUILD)/relicense $(BUILD)/hubsim

.PHONY: all programs deps test demo bench bench-crawl bench-queries fuzz shape install uninstall clean help test-interop lint dictionary unit
.DELETE_ON_ERROR:
all: deps-build
	+@$(MAKE) --no-print-directory DEPS=no programs
programs: $(PROGRAMS)

$(BUILD)/libmodel.a: $(MODEL)
$(BUILD)/libstorage.a: $(STORAGE)
$(BUILD)/libconfig.a: $(CONFIG)
$(BUILD)/libdaemon.a: $(DAEMON_PARTS)
%.a:
	$(call say,AR,$@)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/relicensed: $(DAEMON) $(BUILD)/libstorage.a $(BUILD)/libmodel.a $(BUILD)/libconfig.a
	$(call say,LINK,$@)
	$(LINK) $(DAEMON_LIBS) $(STORAGE_LIBS) $(CONFIG_LIBS) -lpthread
$(BUILD)/relicense: $(CLI) $(BUILD)/libstorage.a $(BUILD)/libmodel.a $(BUILD)/libconfig.a
	$(call say,LINK,$@)
	$(LINK) $(CLI_LIBS) $(STORAGE_LIBS) $(CONFIG_LIBS)
$(BUILD)/hubsim: $(HUBSIM) $(BUILD)/libmodel.a
	$(call say,LINK,$@)
	$(LINK) $(SIM_LIBS) $(MODEL_LIBS) -lm -lpthread

# Other flags, other objects.
FLAGS = $(CC) $(CXX) $(OPTIMIZE) $(WARNINGS) $(INSTRUMENT) $(CPPFLAGS) $(CFLAGS) $(CXXFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(FLAGS)) | cmp -s - $@ || printf '%s\n' $(call quoted,$(FLAGS)) >$@
FORCE:

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(COMPILE_C)
$(BUILD)/obj/%.o: %.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$<)
	$(COMPILE_CC)
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags
	$(call say,CC,$<)
	$(COMPILE_C)

# --- generated C ----------------------------------------------------------------------------------------------------
LICENSE_DATA := $(wildcard storage/model/licenses/*.tsv) storage/model/licenses/VERSION
$(BUILD)/gen/license_tables.c: storage/model/license_tables.py $(LICENSE_DATA)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(PYTHON) $< storage/model/licenses $@
$(BUILD)/gen/builtin_dictionary.c: storage/embed.py storage/dictionary-1.zdict
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(PYTHON) storage/embed.py builtin_dictionary storage/dictionary-1.zdict $@

$(BUILD)/gen/schema_%.c: storage/embed.py storage/cli/schema/%.json
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(PYTHON) storage/embed.py schema_$* storage/cli/schema/$*.json $@

# The dictionary is a committed file: its bytes are part of the store's format. This makes a new one.
$(BUILD)/train_dictionary: $(BUILD)/obj/storage/tools/train_dictionary.o $(BUILD)/libmodel.a
	$(call say,LINK,$@)
	$(LINK) $(call libs,libzstd) $(MODEL_LIBS)
dictionary: $(BUILD)/train_dictionary
	zstd -dcq tests/data/hub/rows.jsonl.zst | $< storage/dictionary-1.zdict

# --- packages -------------------------------------------------------------------------------------------------------
# One line says what would be installed; DEPS=no never installs. apt-get is asked only where something is missing.
deps: deps-build deps-test
deps-%:
	@[ "$(DEPS)" = no ] || tests/tools/install_packages.sh $(PACKAGES_$*)

# --- for a newcomer -------------------------------------------------------------------------------------------------
demo: deps-build
	+@$(MAKE) --no-print-directory DEPS=no programs
	@$(PYTHON) tests/demo.py $(BUILD)

help:
	@sed -n 's/^#:: //p' Makefile
#:: make demo       builds, crawls a simulated Hub on loopback, shows Falcon's license switch
#:: make test       builds and runs every test; ends with "N passed, N failed"
#:: make            builds build/relicensed, build/relicense, build/hubsim
#:: make bench      speed against nginx, curl and a requests + sqlite3 script, ratios of one run
#:: make bench-queries  how long one waits for answers from 3,000,000 repos and 10,000,000 records (40 GB of disk)
#:: make bench-store  how fast rows get into a store on one core, and what fifty readers cost it
#:: make bench-size  bytes a repo and a further version take, with real rows (where they are)
#:: make bench-crawl  what requests cost, and how well they are spent: simulated days of quota, freshness, coverage
#:: make install    PREFIX=/usr/local DESTDIR= ; make uninstall takes away what it put there
#:: make deps       installs the Debian packages that the above need (they do so themselves; DEPS=no: never)
#:: make fuzz       builds the libFuzzer targets
#:: make lint       clang-tidy, cppcheck, shellcheck, codespell
#:: make shape      folder edges, include cycles, the longest functions: a mirror, not a check
#:: make dictionary trains a new zstd dictionary from the shipped rows
#:: SANITIZE=address,undefined builds with sanitizers below build/sanitize; DEVELOPER=1 makes warnings errors; V=1

shape:
	@$(PYTHON) tests/tools/shape.py

# --- installing -----------------------------------------------------------------------------------------------------
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
SYSUSERS   ?= $(PREFIX)/lib/sysusers.d
INSTALLED  := $(PREFIX)/bin/relicensed $(PREFIX)/bin/relicense $(UNITDIR)/relicensed.service $(SYSUSERS)/relicensed.conf

install: programs
	install -D -m 755 $(BUILD)/relicensed $(DESTDIR)$(PREFIX)/bin/relicensed
	install -D -m 755 $(BUILD)/relicense $(DESTDIR)$(PREFIX)/bin/relicense
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|/usr/bin/relicensed|$(PREFIX)/bin/relicensed|' systemd/relicensed.service >$(DESTDIR)$(UNITDIR)/relicensed.service
	chmod 644 $(DESTDIR)$(UNITDIR)/relicensed.service
	install -D -m 644 systemd/relicensed.sysusers $(DESTDIR)$(SYSUSERS)/relicensed.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/relicensed.conf || \
		install -D -m 644 config/relicensed.conf $(DESTDIR)$(SYSCONFDIR)/relicensed.conf
	@$(if $(DESTDIR),,systemd/installed.sh "$(SYSUSERS)/relicensed.conf" "$(SYSCONFDIR)/relicensed.conf")
uninstall:
	@$(if $(DESTDIR),,[ ! -d /run/systemd/system ] || systemctl disable --now relicensed)
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	@$(if $(DESTDIR),,[ ! -d /run/systemd/system ] || systemctl daemon-reload)
	@echo "kept: $(DESTDIR)$(SYSCONFDIR)/relicensed.conf, the store and the user relicensed"

clean:
	rm -rf build

# --- tests ------------------------------------------------------------------------------------------------------------
# A test_*.c of tests/unit is a program; what lies beside it and is not called test_ is shared by them all.
UNIT_SOURCES := $(shell find tests/unit -name '*.c')
UNIT_SHARED  := $(foreach file,$(UNIT_SOURCES),$(if $(filter test_%,$(notdir $(file))),,$(file)))
UNIT := $(patsubst tests/%.c,$(BUILD)/%,$(filter-out $(UNIT_SHARED),$(UNIT_SOURCES)))
$(BUILD)/libcli.a: $(filter-out %/relicense.o,$(CLI))
$(BUILD)/libunit.a: $(patsubst %.c,$(BUILD)/obj/%.o,$(UNIT_SHARED))
$(UNIT): $(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libunit.a $(BUILD)/libcli.a $(BUILD)/libdaemon.a \
		$(BUILD)/libstorage.a $(BUILD)/libmodel.a $(BUILD)/libconfig.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(LINK) $(DAEMON_LIBS) $(STORAGE_LIBS) $(CONFIG_LIBS) $(call libs,cmocka) -lpthread

# tests/fault: the same kind of program, with a disk that fails, a process that dies.
FAULT := $(patsubst tests/%.c,$(BUILD)/unit/%,$(wildcard tests/fault/test_*.c))
$(FAULT): $(BUILD)/unit/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/tests/fault/story.o $(BUILD)/libunit.a $(BUILD)/libstorage.a \
		$(BUILD)/libmodel.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(LINK) $(STORAGE_LIBS) $(call libs,cmocka)
$(BUILD)/unit/fault/test_io: $(BUILD)/obj/tests/fault/fault_io.o

# tests/fuzz: one parser, one file. In every test run its corpus is replayed; `make fuzz` builds it for libFuzzer.
FUZZ := $(patsubst tests/fuzz/%.c,%,$(filter-out %/replay.c,$(wildcard tests/fuzz/*.c)))
REPLAYS := $(FUZZ:%=$(BUILD)/fuzz/%_replay)
FUZZERS := $(FUZZ:%=$(BUILD)/fuzz/%)
$(REPLAYS) $(FUZZERS): $(BUILD)/libdaemon.a $(BUILD)/libstorage.a $(BUILD)/libmodel.a $(BUILD)/libconfig.a
$(REPLAYS): $(BUILD)/fuzz/%_replay: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(LINK) $(DAEMON_LIBS) $(STORAGE_LIBS) $(CONFIG_LIBS) -lpthread
$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CXX) $(INSTRUMENT) -fsanitize=fuzzer $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(DAEMON_LIBS) $(STORAGE_LIBS) $(CONFIG_LIBS) -lpthread
fuzzers: $(FUZZERS)
fuzz: deps deps-check
	+@$(MAKE) --no-print-directory DEPS=no BUILD=$(BUILD)/libfuzzer CC=clang CXX=clang++ \
		SANITIZE=fuzzer-no-link,address,undefined fuzzers
	@echo "next: $(BUILD)/libfuzzer/fuzz/page -max_total_time=60 NEW_INPUTS tests/fuzz/corpus/page"
.PHONY: fuzzers
$(BUILD)/dump_store: $(BUILD)/obj/tests/tools/dump_store.o $(BUILD)/libstorage.a $(BUILD)/libmodel.a
	$(call say,LINK,$@)
	$(LINK) $(STORAGE_LIBS)
$(BUILD)/card_statement: $(BUILD)/obj/tests/tools/card_statement.o $(BUILD)/libdaemon.a $(BUILD)/libmodel.a
	$(call say,LINK,$@)
	$(LINK) $(call libs,yaml-0.1) $(MODEL_LIBS) -lm

# The daemon of a later day: other fields, other rules (tests/upgrade/field_table.h).
.PHONY: upgrade test-programs
upgrade:
	+@$(MAKE) --no-print-directory DEPS=no BUILD=$(BUILD)/upgrade \
		PROJECT_DEFINES='-DFIELD_TABLE_HEADER="\"tests/upgrade/field_table.h\""' $(BUILD)/upgrade/relicensed
unit: $(UNIT) $(FAULT)
test-programs: programs unit upgrade $(REPLAYS) $(BUILD)/dump_store $(BUILD)/card_statement

# Everything, on as many processors as there are; ends with "N passed, N failed".
test: deps
	+@$(MAKE) --no-print-directory DEPS=no $(if $(findstring -j,$(MAKEFLAGS)),,-j$$(nproc)) test-programs
	@$(PYTHON) tests/run.py --build $(BUILD)

# The official clients of the Hub against hubsim: they are fetched from their registries.
test-interop: deps deps-check
	+@$(MAKE) --no-print-directory DEPS=no programs
	@tests/interop/run.sh $(BUILD)
lint: deps deps-check
	+@$(MAKE) --no-print-directory DEPS=no $(BUILD)/gen/license_tables.c
	@BUILD=$(BUILD) .ci/lint

# --- benchmarks -------------------------------------------------------------------------------------------------------
bench: deps deps-bench
	+@$(MAKE) --no-print-directory DEPS=no programs $(BUILD)/bench/commit
	@$(PYTHON) benchmarks/run.py --build $(BUILD)
bench-crawl: deps deps-bench
	+@$(MAKE) --no-print-directory DEPS=no programs $(BUILD)/dump_store $(BUILD)/bench/bare_loop
	@BUILD=$(BUILD) $(PYTHON) benchmarks/single.py; single=$$?; BUILD=$(BUILD) $(PYTHON) benchmarks/crawl.py && exit $$single
bench-queries: deps
	+@$(MAKE) --no-print-directory DEPS=no programs $(BUILD)/bench/large_store
	@$(PYTHON) benchmarks/queries.py --build $(BUILD)
bench-size: deps
	+@$(MAKE) --no-print-directory DEPS=no programs $(BUILD)/dump_store $(BUILD)/bench/commit
	@$(PYTHON) benchmarks/store_size.py --build $(BUILD)
bench-store: deps
	+@$(MAKE) --no-print-directory DEPS=no programs $(BUILD)/bench/commit $(BUILD)/bench/large_store
	@$(PYTHON) benchmarks/store_load.py --build $(BUILD)
BENCHES := $(patsubst benchmarks/%.c,$(BUILD)/bench/%,$(wildcard benchmarks/*.c))
$(BENCHES): $(BUILD)/bench/%: $(BUILD)/obj/benchmarks/%.o $(BUILD)/libdaemon.a $(BUILD)/libstorage.a $(BUILD)/libmodel.a \
		$(BUILD)/libconfig.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(LINK) $(DAEMON_LIBS) $(STORAGE_LIBS) $(CONFIG_LIBS) -lpthread

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
