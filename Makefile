# SPDX-License-Identifier: Apache-2.0
# relicensed: `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
SANITIZE ?=
BUILD    ?= build$(if $(SANITIZE),/sanitize)
DEPS     ?= yes
PYTHON   ?= /usr/bin/python3

# --- packages (Debian 12) -------------------------------------------------------------------------------------------
BUILD_PACKAGES := gcc g++ pkg-config python3 libcurl4-openssl-dev libuv1-dev liblmdb-dev libzstd-dev libsimdjson-dev \
	libdeflate-dev libxxhash-dev libinih-dev libmicrohttpd-dev libsystemd-dev libssl-dev
TEST_PACKAGES := libcmocka-dev python3-pytest zstd jq nginx-light openssl strace systemd
CHECK_PACKAGES := clang clang-tidy cppcheck shellcheck codespell libclang-rt-14-dev universal-ctags nodejs npm python3-venv sqlite3 curl

# --- compiling ------------------------------------------------------------------------------------------------------
CSTD     := -std=c17 -D_GNU_SOURCE
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wvla -Wformat=2
CWARNINGS := $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes
OPTIMIZE := -O2 -g -fno-omit-frame-pointer -fstack-protector-strong
override CPPFLAGS += -I. -I$(BUILD)/gen -DRELICENSED_VERSION='"$(VERSION)"' $(PROJECT_DEFINES)
ifneq ($(DEVELOPER),)
WARNINGS += -Werror
endif
ifneq ($(SANITIZE),)
INSTRUMENT := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif

COMPILE_C  = $(CC) $(CSTD) $(OPTIMIZE) $(CWARNINGS) $(INSTRUMENT) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
COMPILE_CC = $(CXX) -std=c++17 -fno-exceptions $(OPTIMIZE) $(WARNINGS) $(INSTRUMENT) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<
LINK       = $(CC) $(INSTRUMENT) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)

MODEL_LIBS   := -lsimdjson -lstdc++ -lxxhash -lcrypto
STORAGE_LIBS := -llmdb -lzstd $(MODEL_LIBS)
CONFIG_LIBS  := -linih
DAEMON_LIBS  := -lcurl -luv -ldeflate -lsystemd
SIM_LIBS     := -lmicrohttpd -ldeflate

# --- what each program is made of: a folder is a library ------------------------------------------------------------
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))
MODEL   := $(call objects,storage/model/*.c) $(BUILD)/obj/storage/model/json_parse.o $(BUILD)/gen/license_tables.o
STORAGE := $(call objects,storage/*.c) $(BUILD)/gen/builtin_dictionary.o
CONFIG  := $(call objects,config/*.c)
CLI     := $(call objects,storage/cli/*.c)
DAEMON_PARTS := $(call objects,daemon/run/*.c daemon/hub/*.c daemon/transfer/*.c daemon/crawl/*.c)
DAEMON  := $(BUILD)/obj/daemon/relicensed.o $(DAEMON_PARTS)
HUBSIM  := $(call objects,tests/hubsim/*.c)
PROGRAMS := $(BUILD)/relicensed $(BUILD)/relicense $(BUILD)/hubsim

.PHONY: all programs deps test demo bench fuzz shape install uninstall clean help test-interop lint
.DELETE_ON_ERROR:
all: deps
	+@$(MAKE) --no-print-directory DEPS=no programs
programs: $(PROGRAMS)

$(BUILD)/libmodel.a: $(MODEL)
$(BUILD)/libstorage.a: $(STORAGE)
$(BUILD)/libconfig.a: $(CONFIG)
$(BUILD)/libdaemon.a: $(DAEMON_PARTS)
%.a:
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/relicensed: $(DAEMON) $(BUILD)/libstorage.a $(BUILD)/libmodel.a $(BUILD)/libconfig.a
	$(LINK) $(DAEMON_LIBS) $(STORAGE_LIBS) $(CONFIG_LIBS) -lpthread
$(BUILD)/relicense: $(CLI) $(BUILD)/libstorage.a $(BUILD)/libmodel.a $(BUILD)/libconfig.a
	$(LINK) $(STORAGE_LIBS) $(CONFIG_LIBS)
$(BUILD)/hubsim: $(HUBSIM) $(BUILD)/libmodel.a
	$(LINK) $(SIM_LIBS) -lzstd $(MODEL_LIBS) -lpthread

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE_C)
$(BUILD)/obj/%.o: %.cc
	@mkdir -p $(@D)
	$(COMPILE_CC)
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(COMPILE_C)

# --- generated C ----------------------------------------------------------------------------------------------------
LICENSE_DATA := $(wildcard storage/model/licenses/*.tsv) storage/model/licenses/VERSION
$(BUILD)/gen/license_tables.c: storage/model/license_tables.py $(LICENSE_DATA)
	@mkdir -p $(@D)
	$(PYTHON) $< storage/model/licenses $@
$(BUILD)/gen/builtin_dictionary.c: storage/embed.py storage/dictionary-1.zdict
	@mkdir -p $(@D)
	$(PYTHON) storage/embed.py builtin_dictionary storage/dictionary-1.zdict $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# The dictionary is a committed file: its bytes are part of the store's format. This makes a new one.
$(BUILD)/train_dictionary: $(BUILD)/obj/storage/tools/train_dictionary.o $(BUILD)/libmodel.a
	$(LINK) -lzstd $(MODEL_LIBS)
dictionary: $(BUILD)/train_dictionary
	zstd -dcq tests/data/hub/rows.jsonl.zst | $< storage/dictionary-1.zdict
.PHONY: dictionary

$(BUILD)/bench/%: $(BUILD)/obj/benchmarks/%.o $(BUILD)/libstorage.a $(BUILD)/libmodel.a
	@mkdir -p $(@D)
	$(LINK) $(STORAGE_LIBS)
