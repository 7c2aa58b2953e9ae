/* SPDX-License-Identifier: MIT */
/*
 * Every RUN is one script of a POSIX shell, a physical line per step. What it
 * needs and the image shall not keep is mounted under /dev, which is a tmpfs
 * in every build: a mount point elsewhere stays in the image as an empty
 * folder on engine 20.10. The apt caches alone are where apt has them, in
 * folders that every base with apt has.
 */

#include "recipe/generate_install.h"

#include "base/buf.h"
#include "recipe/generate.h"
#include "recipe/grammar.h"

#define CA "/dev/imgcache-ca.pem"
#define PIP_CONF "/dev/imgcache-pip.conf"
#define NPMRC "/dev/imgcache-npmrc"
#define PIP_CACHE "/dev/imgcache-pip"
#define NPM_CACHE "/dev/imgcache-npm"
#define APT_CONF "/dev/shm/imgcache-apt.conf"

/* A line that is followed by another one. */
#define LINE(text) "    " text " \\\n"

/*
 * True where pip may install into the system: python3 has pip, and it is a
 * virtual environment or not marked as externally managed (PEP 668).
 */
#define PIP_IN_SYSTEM							\
	"python3 -m pip --version >/dev/null 2>&1 && python3 -c '"	\
	"import os, sys, sysconfig; "					\
	"sys.exit(sys.prefix == sys.base_prefix and "			\
	"os.path.exists(os.path.join(sysconfig.get_path(\"stdlib\"), "	\
	"\"EXTERNALLY-MANAGED\")))'"

static void
add_cache(const struct install *in, const char *name, const char *target,
	  const char *more)
{
	buf_addf(in->out, "--mount=type=cache,id=imgcache-%s-%s,target=%s%s"
			  " \\\n    ", name, in->cache, target, more);
}

static void
add_secret(const struct install *in, const char *id, const char *target)
{
	buf_addf(in->out, "--mount=type=secret,id=%s,required=false,target=%s,"
			  "mode=0444 \\\n    ", id, target);
}

static void
add_stage(const struct install *in, const char *stage, const char *more)
{
	buf_addf(in->out, "--mount=type=bind,from=%s,target=/dev/%s%s \\\n"
			  "    ", stage, stage, more);
}

/*
 * After the mounts: what the step is called (ops/steptitle.h shows it), stop
 * at the first failure, epoch, certificates.
 */
static void
add_prelude(const struct install *in, const char *title)
{
	buf_addf(in->out, ": '%s'; set -eu; \\\n", title);
	if (in->has_epoch)
		buf_adds(in->out,
			 LINE(": \"${" GENERATE_EPOCH_ARG ":-}\";"));
	buf_adds(in->out,
		 LINE("if [ -s " CA " ]; then")
		 LINE("    export SSL_CERT_FILE=" CA " CURL_CA_BUNDLE=" CA ";")
		 LINE("    export REQUESTS_CA_BUNDLE=" CA " PIP_CERT=" CA ";")
		 LINE("    export NODE_EXTRA_CA_CERTS=" CA
		      " GIT_SSL_CAINFO=" CA ";")
		 LINE("fi;"));
}

/* Each package a line of its own; the last one ends with `end`. */
static void
add_packages(const struct install *in, const struct grammar_packages *list,
	     const char *end)
{
	for (size_t i = 0; i < list->n; i++) {
		buf_adds(in->out, "        ");
		buf_add_shquoted(in->out, list->v[i].text);
		buf_adds(in->out, i + 1 < list->n ? " \\\n" : end);
	}
}

void
install_system(const struct install *in, const struct grammar_packages *apt,
	       bool wants_pip, bool wants_npm)
{
	buf_adds(in->out, "RUN ");
	add_cache(in, "apt-archives", "/var/cache/apt", ",sharing=locked");
	add_cache(in, "apt-lists", "/var/lib/apt/lists", ",sharing=locked");
	add_secret(in, GENERATE_SECRET_CA, CA);
	add_prelude(in, "system packages");
	buf_adds(in->out, apt->n ? LINE("set --") : LINE("set --;"));
	add_packages(in, apt, "; \\\n");
	if (wants_pip)
		buf_adds(in->out,
			 LINE("if ! { " PIP_IN_SYSTEM "; } && \\\n"
			      "        [ ! -x " PIP_VENV_DIR "/bin/python3 ] "
			      "&& \\\n        ! python3 -c "
			      "'import ensurepip, venv' >/dev/null 2>&1; then")
			 LINE("    set -- \"$@\" python3-venv;")
			 LINE("fi;"));
	if (wants_npm)
		buf_adds(in->out, LINE("command -v npm >/dev/null || "
				       "set -- \"$@\" npm;"));
	/*
	 * docker-clean of the base would empty the caches; overridden here it
	 * stays in the image as it is. Pattern-Only (apt 2.0) keeps a name
	 * with . or + from being taken as a regular expression, Error-Mode
	 * (apt 2.1) an index that failed from being passed over. The logs
	 * have dates in them.
	 */
	buf_adds(in->out,
		 LINE("if [ $# -gt 0 ]; then")
		 LINE("    command -v apt-get >/dev/null || { echo "
		      "'imgcache: the base image has no apt-get to install' "
		      "\"$@\" >&2; exit 1; };")
		 LINE("    printf '%s\\n' '#clear DPkg::Post-Invoke;' "
		      "'#clear APT::Update::Post-Invoke;' \\\n"
		      "            'APT::Keep-Downloaded-Packages \"true\";' "
		      "'APT::Update::Error-Mode \"any\";' \\\n"
		      "            'APT::Cmd::Pattern-Only \"true\";' "
		      "'DPkg::Options { \"--log=/dev/null\"; };' \\\n"
		      "            'Dir::Log::Terminal \"/dev/null\";' "
		      "'Dir::Log::History \"/dev/null\";' "
		      "'Dir::Log::Planner \"/dev/shm/imgcache-plan\";' >"
		      APT_CONF ";")
		 LINE("    [ ! -s " CA " ] || echo 'Acquire::https::CAInfo \""
		      CA "\";' >>" APT_CONF ";")
		 LINE("    export DEBIAN_FRONTEND=noninteractive;")
		 LINE("    apt-get -c " APT_CONF " update;")
		 LINE("    apt-get -c " APT_CONF " install -y "
		      "--no-install-recommends -- \"$@\";")
		 "    fi\n");
}

void
install_user(const struct install *in, const char *name)
{
	buf_adds(in->out, "RUN : 'user'; set -eu; \\\n    set -- ");
	buf_add_shquoted(in->out, name);
	buf_adds(in->out,
		 "; \\\n"
		 LINE("if id -u \"$1\" >/dev/null 2>&1; then exit 0; fi;")
		 LINE("if grep -q \"^$1:\" /etc/group; then group=1; "
		      "else group=0; fi;")
		 LINE("if command -v useradd >/dev/null; then")
		 LINE("    if [ $group = 1 ]; then "
		      "useradd -l -m -g \"$1\" \"$1\"; "
		      "else useradd -l -m -U \"$1\"; fi;")
		 LINE("elif command -v adduser >/dev/null; then")
		 LINE("    if [ $group = 1 ]; then "
		      "adduser -D -G \"$1\" \"$1\"; "
		      "else adduser -D \"$1\"; fi;")
		 LINE("else")
		 LINE("    echo 'imgcache: the base image has neither useradd "
		      "nor adduser; write a uid for user:' >&2; exit 1;")
		 "    fi\n");
}

void
install_pip(const struct install *in, const char *requirements,
	    const struct grammar_packages *pip)
{
	buf_adds(in->out, "RUN ");
	add_cache(in, "pip", PIP_CACHE, "");
	if (requirements)	/* setuptools writes beside its sources */
		add_stage(in, STAGE_REQUIREMENTS, ",rw");
	add_secret(in, GENERATE_SECRET_CA, CA);
	add_secret(in, GENERATE_SECRET_PIP, PIP_CONF);
	add_prelude(in, "pip packages");
	buf_adds(in->out,
		 LINE("[ ! -s " PIP_CONF " ] || "
		      "export PIP_CONFIG_FILE=" PIP_CONF ";")
		 LINE("export PIP_CACHE_DIR=" PIP_CACHE
		      " PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 "
		      "PIP_ROOT_USER_ACTION=ignore;")
		 LINE("python=python3;")
		 LINE("if ! { " PIP_IN_SYSTEM "; }; then")
		 LINE("    python=" PIP_VENV_DIR "/bin/python3;")
		 LINE("    [ -x \"$python\" ] || python3 -m venv "
		      PIP_VENV_DIR ";")
		 LINE("fi;"));
	if (requirements)
		buf_adds(in->out, LINE("cd /dev/" STAGE_REQUIREMENTS ";"));
	buf_adds(in->out, "    \"$python\" -m pip install");
	if (requirements) {
		buf_adds(in->out, " \\\n        -r ");
		buf_add_shquoted(in->out, requirements);
	}
	buf_adds(in->out, pip->n ? " -- \\\n" : "\n");
	add_packages(in, pip, "\n");
	buf_adds(in->out, "ENV PATH=\"" PIP_VENV_DIR "/bin:$PATH\"\n");
}

static void
add_npm_prelude(const struct install *in, const char *title)
{
	add_secret(in, GENERATE_SECRET_CA, CA);
	add_secret(in, GENERATE_SECRET_NPM, NPMRC);
	add_prelude(in, title);
	buf_adds(in->out,
		 LINE("[ ! -s " NPMRC " ] || "
		      "export NPM_CONFIG_USERCONFIG=" NPMRC ";")
		 LINE("export NPM_CONFIG_CACHE=" NPM_CACHE
		      " NPM_CONFIG_DEVDIR=" NPM_CACHE "/_devdir "
		      "NODE_DISABLE_COMPILE_CACHE=1;")
		 LINE("export NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false "
		      "NPM_CONFIG_UPDATE_NOTIFIER=false;"));
}

void
install_npm(const struct install *in, const struct grammar_packages *npm)
{
	buf_adds(in->out, "RUN ");
	add_cache(in, "npm", NPM_CACHE, "");
	add_npm_prelude(in, "npm packages");
	buf_adds(in->out, LINE("npm install -g --"));
	add_packages(in, npm, "\n");
}

void
install_npm_lock(const struct install *in, const char *lock_file,
		 bool has_npmrc, const char *owner)
{
	buf_adds(in->out, "RUN ");
	add_cache(in, "npm", NPM_CACHE, "");
	add_stage(in, STAGE_NPM_LOCK, "");
	add_npm_prelude(in, "npm ci");
	buf_addf(in->out,
		 LINE("mkdir -p " NPM_LOCK_DIR ";")
		 LINE("cd " NPM_LOCK_DIR ";")
		 LINE("cp /dev/" STAGE_NPM_LOCK "/package.json "
		      "/dev/" STAGE_NPM_LOCK "/%s .;"), lock_file);
	if (has_npmrc)	/* it may name tokens: not for the image */
		buf_adds(in->out, LINE("cp /dev/" STAGE_NPM_LOCK "/.npmrc .;"));
	buf_adds(in->out, "    npm ci");
	if (has_npmrc)
		buf_adds(in->out, "; \\\n    rm .npmrc");
	if (owner) {
		buf_adds(in->out, "; \\\n    chown -R ");
		buf_add_shquoted(in->out, owner);
		buf_adds(in->out, " " NPM_LOCK_DIR);
	}
	buf_adds(in->out, "\nENV PATH=\"" NPM_LOCK_DIR
			  "/node_modules/.bin:$PATH\"\n");
}

void
install_claude_code(const struct install *in, const char *version)
{
	buf_adds(in->out, "RUN ");
	add_cache(in, "npm", NPM_CACHE, "");
	add_npm_prelude(in, "Claude Code");
	buf_adds(in->out, LINE("npm install -g --"));
	buf_addf(in->out, "        '@anthropic-ai/claude-code@%s'\n", version);
}
