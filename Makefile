# SPDX-License-Identifier: MIT
# The lists are the table of contents; a folder uses only those before it.

lib/base := buf error json mem str strv udiff units
lib/sys := child clock detach dir file lock path signals spawn
lib/source := allow deflated digest filter gitattr gitindex gitlib gitpack \
	gitpast gitstore glob glob_compile glob_regexp glob_set glob_syntax \
	hash ignore ignore_anchors ignore_parse listing reach reach_match \
	repo run shown statcache statcache_save stattrust taken textmemo tree \
	tree_diff walk walk_git walk_left walk_links walk_open walk_pool \
	walk_read walk_sum weigh
lib/recipe := cachespec dfvars dockerfile dockerfile_assign dockerfile_bases \
	dockerfile_diff dockerfile_glob dockerfile_globals \
	dockerfile_heredoc dockerfile_idle dockerfile_json dockerfile_lines \
	dockerfile_map dockerfile_mount dockerfile_names dockerfile_needed \
	dockerfile_plan dockerfile_ref dockerfile_resolve dockerfile_scope \
	dockerfile_sources dockerfile_stages dockerfile_stepid \
	dockerfile_steps dockerfile_text dockerfile_words dotenv expand \
	generate generate_install generate_inventory generate_read grammar \
	grammar_reader grammar_values manifest manifest_read npmlock project \
	project_image project_order project_sections recipe recipe_flags \
	recipe_settings recipe_values ref requirements requirements_line \
	settings settings_file settings_paths settings_table settings_value \
	shellprogram shellscript shellskip shellwords yaml yaml_node
lib/store := bases builds caches catalog configs contexts facts imagelist \
	imagerow images invalidations jobs journal jsonr leases lookups \
	migrate names objects platforms redone schema sql sql_transaction \
	stats stats_series
lib/docker := builder_info buildx buildx_check buildx_client buildx_run \
	endpoint engine engine_ask engine_change engine_disk engine_image \
	engine_info engine_layers export failure fold http http_encode \
	moment numbers output plain platform progress proxies prunefilter \
	rawjson registry registry_config render run version wait
lib/session := adopt alive bake bake_options bake_print client config labels \
	limits recipes registries rows session text
lib/key := aliases base base_config context context_advice context_heavy \
	epoch generation handover inputs inputs_dockerfile inputs_generated \
	inputs_ignore inputs_lower inputs_narrow inputs_plan kept lock \
	lockfile platforms reads side tags trust
lib/lookup := arrival changes changes_bases changes_dockerfile changes_files \
	changes_list changes_renames hints lookup reasons refusal remote \
	stepnames steptitle verdicts verify verify_container why whysteps \
	whytimes world
lib/keep := disk images invalidate localcache prune prune_caches reconcile \
	removal reserve sweep timer timer_cron timer_systemd
lib/builder := buildcache buildcache_commit builder builder_docker \
	builder_progress builder_record caches cachetexts ensure export \
	folders image parts pins push redo stagetrigger turn
lib/jobs := background jobs log parallel words
lib/spawn := env envformat exec spawn
lib/report := doctor doctor_build doctor_docker doctor_findings doctor_state \
	stats stats_reasons stats_zero
lib/lint := bases buildx compose config context copied docker dockerfile \
	file find fix fix_copy fix_drop fix_mount gitignore ignorefile \
	install instructions item known_list known_npm known_settings \
	known_step lint managers mounts names order paths place rules run \
	script silence sources steps tree workflow
lib/init := check compose dockerfile find hcl hook ignore image init layers \
	link packages pyproject toml write
cmd := answer build caches commands complete config context context_report \
	delete dockerargs dockerfile doctor dropin env exec findings get \
	given group help init invalidate lint list lock log main opt outfile \
	pace pin plugin printer progress prune prune_timer recipe spawn \
	stats stats_charts stats_disk stats_github stats_html \
	stats_html_rows stats_json stats_limits stats_prometheus stats_rows \
	stats_span stats_style stats_sums stats_table stats_text stats_watch \
	streams summary table tag text usage verify wait warm why whyfiles \
	whytext words
t/helper := fill-catalog ignore-case ignore-hollow key-case
standin := build cache docker fault objects output remote runner state
engined := engined fault objects state
layers := lib/base lib/sys lib/source lib/recipe lib/store lib/docker \
	lib/session lib/key lib/lookup lib/keep lib/builder lib/jobs lib/spawn \
	lib/report lib/lint lib/init

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# Where docker looks for plugins, such as /usr/libexec/docker/cli-plugins; empty:
# "docker imgcache" is not installed.
DOCKERPLUGINDIR ?=
PKG_CONFIG ?= pkg-config
OBJCOPY ?= objcopy
VERSION := $(shell sed -n 's/^.define IMGCACHE_VERSION "\(.*\)"/\1/p' \
	include/imgcache.h)

# MODE=plain, asan or cov: side by side under build/.
MODE ?= plain
B := build/$(MODE)
CFLAGS ?= -O2 -g
# Undefined behaviour traps, and ASan's report of the signal names the line: the
# words for it would be nine megabytes that each test relocates and searches.
MODE_asan := -fsanitize=address,undefined -fsanitize-undefined-trap-on-error \
	-fno-omit-frame-pointer
MODE_asan_link := -no-pie
MODE_cov := --coverage -O0
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-missing-field-initializers -Wwrite-strings -Wvla -Wpointer-arith -Wformat=2 -Wundef \
	$(if $(CI)$(WERROR),-Werror)
all_cflags = -std=c11 -D_GNU_SOURCE -fvisibility=hidden $(WARN) \
	$(MODE_$(MODE)) -MMD -MP
all_ldflags = $(MODE_$(MODE)) $(MODE_$(MODE)_link) -Wl,--as-needed

ifneq ($(filter-out demo check% lint deps clean help dist deb,$(or \
	$(MAKECMDGOALS),all)),)
need = $(if $(shell $(PKG_CONFIG) --exists $(1) && echo yes),,$(error \
	$(1) is missing: install $(2), or run "make deps"))
$(foreach p,sqlite3/libsqlite3-dev yaml-0.1/libyaml-dev libgit2/libgit2-dev \
	libxxhash/libxxhash-dev zlib/zlib1g-dev, \
	$(call need,$(patsubst %/,%,$(dir $p)),$(notdir $p)))
endif
# libgit2 is opened on demand, so only its headers are wanted here.
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags sqlite3 yaml-0.1 libgit2 libxxhash \
	zlib)
# Loading the others is a sixth of a hit: they are linked in where their archives
# are at hand. LINK=shared is for those who package it.
LINK ?= static
archive = $(wildcard $(shell $(PKG_CONFIG) --variable=libdir $(1))/lib$(2).a)
library = $(or $(if $(filter static,$(LINK)),$(call archive,$(1),$(2))),-l$(2))
LIBS = $(call library,sqlite3,sqlite3) $(call library,yaml-0.1,yaml) \
	$(call library,libxxhash,xxhash) $(call library,zlib,z) -lm \
	-ldl -lpthread

lib_objs := $(foreach l,$(layers),$(patsubst %,$(B)/$(l)/%.o,$($(l))))
cmd_objs := $(patsubst %,$(B)/cmd/%.o,$(cmd))
unit_objs := $(patsubst %.c,$(B)/%.o,$(wildcard t/unit/*.c))
helpers := $(patsubst %,$(B)/t/helper/%,$(t/helper))
standins := $(B)/t/standin/docker $(B)/t/standin/engined

# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),:,printf '  %s %s\n' $(1) $@)

all: build/imgcache build/libimgcache.a

build/imgcache: $(B)/imgcache
	@ln -f $< $@
build/libimgcache.a: $(B)/libimgcache.a
	@ln -f $< $@

# One object in which only the names of imgcache.h are left to be seen.
$(B)/libimgcache.a: $(lib_objs)
	@$(call say,AR)
	$(Q)$(CC) -r -nostdlib -o $(B)/libimgcache.o $(lib_objs)
	$(Q)$(OBJCOPY) --localize-hidden $(B)/libimgcache.o
	@rm -f $@
	$(Q)$(AR) rcs $@ $(B)/libimgcache.o

$(B)/imgcache: $(cmd_objs) $(B)/libimgcache.a
	@$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/cmd/%.o: cmd/%.c Makefile
	@mkdir -p $(@D)
	@$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(all_cflags) -Iinclude -c -o $@ $<

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(all_cflags) -Iinclude -iquote lib \
		$(PKG_CFLAGS) -c -o $@ $<

$(B)/unit: $(unit_objs) $(lib_objs)
	@$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ $(LIBS) \
		$(shell $(PKG_CONFIG) --libs criterion)

$(B)/t/helper/key-case: $(patsubst %.c,$(B)/%.o,$(wildcard t/helper/key-*.c))
$(helpers): $(B)/%: $(B)/%.o $(lib_objs)
	@$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ $(LIBS)

# A docker and an engine that can fail in every way, for t/t4*.sh.
$(B)/t/standin/docker: $(patsubst %,$(B)/t/standin/%.o,$(standin))
$(B)/t/standin/engined: $(patsubst %,$(B)/t/standin/%.o,$(engined))
$(standins): $(filter $(B)/lib/base/% $(B)/lib/sys/%,$(lib_objs))
	@$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^

helpers: $(helpers) $(standins)
# The two commands of the README, and their parts.
deps:
	@t/deps.sh --for build
demo:
	@t/deps.sh --for demo
	@$(MAKE) --no-print-directory all
	@t/demo.sh
check:
	@t/check.sh unit shell engine

check-unit check-shell check-engine: check-%:
	@t/check.sh $*
bench: all helpers
	@t/bench/bench.sh
	@t/bench/context.sh
	@t/bench/source.sh
	@t/bench/registry.sh
fuzz oracle:
	@t/$@/run.sh
lint:
	@t/deps.sh --for lint
	@t/lint/lint.sh

put = install -D -m 644
install: all
	install -D build/imgcache $(DESTDIR)$(BINDIR)/imgcache
	$(put) build/libimgcache.a $(DESTDIR)$(LIBDIR)/libimgcache.a
	$(put) include/imgcache.h $(DESTDIR)$(INCLUDEDIR)/imgcache.h
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		lib/imgcache.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/imgcache.pc
	for p in man/*; do $(put) $$p \
		$(DESTDIR)$(MANDIR)/man$${p##*.}/$${p#man/} || exit 1; done
	$(put) completions/imgcache.bash $(DESTDIR)$(BASHCOMPDIR)/imgcache
	$(put) completions/_imgcache $(DESTDIR)$(ZSHCOMPDIR)/_imgcache
	$(put) completions/imgcache.fish $(DESTDIR)$(FISHCOMPDIR)/imgcache.fish
	$(if $(DOCKERPLUGINDIR),install -d $(DESTDIR)$(DOCKERPLUGINDIR) && \
		ln -sf $(BINDIR)/imgcache \
		$(DESTDIR)$(DOCKERPLUGINDIR)/docker-imgcache)

uninstall:
	rm -f $(addprefix $(DESTDIR),$(BINDIR)/imgcache $(LIBDIR)/libimgcache.a \
		$(INCLUDEDIR)/imgcache.h $(LIBDIR)/pkgconfig/imgcache.pc \
		$(BASHCOMPDIR)/imgcache $(ZSHCOMPDIR)/_imgcache \
		$(FISHCOMPDIR)/imgcache.fish $(if $(DOCKERPLUGINDIR), \
		$(DOCKERPLUGINDIR)/docker-imgcache))
	for p in man/*; do rm -f $(DESTDIR)$(MANDIR)/man$${p##*.}/$${p#man/}; done
tarball := build/imgcache-$(VERSION).tar.gz
dist:
	@mkdir -p build
	git archive --prefix=imgcache-$(VERSION)/ -o $(tarball) HEAD
deb: dist
	@.ci/deb $(tarball)
clean:
	rm -rf build/plain build/asan build/cov build/imgcache build/*.a build/*.tar.gz \
		build/*.deb build/deb
help:
	@echo 'make              build/imgcache and build/libimgcache.a'
	@echo 'make demo         install what is missing, build, show the main job'
	@echo 'make check        all tests; check-unit, check-shell, check-engine'
	@echo 'make lint bench fuzz oracle install uninstall dist deb clean'
	@echo 'MODE=asan MODE=cov  another build under build/; PREFIX DESTDIR CFLAGS'
	@echo 'DOCKERPLUGINDIR=DIR  install links docker-imgcache there'

.PHONY: all deps demo check check-unit check-shell check-engine bench fuzz \
	oracle lint helpers install uninstall dist deb clean help
.DELETE_ON_ERROR:

-include $(lib_objs:.o=.d) $(cmd_objs:.o=.d) $(unit_objs:.o=.d) \
	$(wildcard $(B)/t/helper/*.d $(B)/t/standin/*.d)
