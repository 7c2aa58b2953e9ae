/* SPDX-License-Identifier: MIT */
/*
 * One table says by which words a manager is called and what they do; what
 * takes a value is listed with it, so that values are not taken for packages.
 */
#include "lint/install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct verb {
	enum lint_manager manager;
	const char *words;	/* "install", "mod download", "" for none */
	enum lint_act act;
	bool by_manifest;	/* without a name: as a file says */
};

/* Longer forms of a verb before those that they begin with. */
static const struct verb verbs[] = {
	{ LINT_APT, "update", LINT_ACT_INDEX, false },
	{ LINT_APT, "install", LINT_ACT_INSTALL, false },
	{ LINT_APT, "build-dep", LINT_ACT_INSTALL, false },
	{ LINT_APT, "upgrade", LINT_ACT_UPGRADE, false },
	{ LINT_APT, "dist-upgrade", LINT_ACT_UPGRADE, false },
	{ LINT_APT, "full-upgrade", LINT_ACT_UPGRADE, false },
	{ LINT_APT, "clean", LINT_ACT_CLEAN, false },
	{ LINT_APT, "distclean", LINT_ACT_CLEAN, false },
	{ LINT_APK, "update", LINT_ACT_INDEX, false },
	{ LINT_APK, "add", LINT_ACT_INSTALL, false },
	{ LINT_APK, "upgrade", LINT_ACT_UPGRADE, false },
	{ LINT_DNF, "makecache", LINT_ACT_INDEX, false },
	{ LINT_DNF, "install", LINT_ACT_INSTALL, false },
	{ LINT_DNF, "localinstall", LINT_ACT_INSTALL, false },
	{ LINT_DNF, "groupinstall", LINT_ACT_INSTALL, false },
	{ LINT_DNF, "builddep", LINT_ACT_INSTALL, false },
	{ LINT_DNF, "update", LINT_ACT_UPGRADE, false },
	{ LINT_DNF, "upgrade", LINT_ACT_UPGRADE, false },
	{ LINT_DNF, "clean", LINT_ACT_CLEAN, false },
	{ LINT_ZYPPER, "refresh", LINT_ACT_INDEX, false },
	{ LINT_ZYPPER, "install", LINT_ACT_INSTALL, false },
	{ LINT_ZYPPER, "in", LINT_ACT_INSTALL, false },
	{ LINT_ZYPPER, "clean", LINT_ACT_CLEAN, false },
	{ LINT_PIP, "install", LINT_ACT_INSTALL, false },
	{ LINT_PIP, "wheel", LINT_ACT_INSTALL, false },
	{ LINT_PIP, "download", LINT_ACT_INSTALL, false },
	{ LINT_PIP, "sync", LINT_ACT_INSTALL, true },
	{ LINT_PIP, "cache purge", LINT_ACT_CLEAN, false },
	{ LINT_UV, "pip install", LINT_ACT_INSTALL, false },
	{ LINT_UV, "pip sync", LINT_ACT_INSTALL, true },
	{ LINT_UV, "sync", LINT_ACT_INSTALL, true },
	{ LINT_UV, "cache clean", LINT_ACT_CLEAN, false },
	{ LINT_POETRY, "install", LINT_ACT_INSTALL, true },
	{ LINT_CONDA, "install", LINT_ACT_INSTALL, false },
	{ LINT_CONDA, "env create", LINT_ACT_INSTALL, true },
	{ LINT_CONDA, "env update", LINT_ACT_INSTALL, true },
	{ LINT_CONDA, "create", LINT_ACT_INSTALL, false },
	{ LINT_CONDA, "clean", LINT_ACT_CLEAN, false },
	{ LINT_NPM, "ci", LINT_ACT_INSTALL, true },
	{ LINT_NPM, "clean-install", LINT_ACT_INSTALL, true },
	{ LINT_NPM, "install", LINT_ACT_INSTALL, true },
	{ LINT_NPM, "i", LINT_ACT_INSTALL, true },
	{ LINT_NPM, "add", LINT_ACT_INSTALL, false },
	{ LINT_NPM, "cache clean", LINT_ACT_CLEAN, false },
	{ LINT_YARN, "install", LINT_ACT_INSTALL, true },
	{ LINT_YARN, "global add", LINT_ACT_INSTALL, false },
	{ LINT_YARN, "add", LINT_ACT_INSTALL, false },
	{ LINT_YARN, "cache clean", LINT_ACT_CLEAN, false },
	{ LINT_YARN, "", LINT_ACT_INSTALL, true },
	{ LINT_PNPM, "install", LINT_ACT_INSTALL, true },
	{ LINT_PNPM, "i", LINT_ACT_INSTALL, true },
	{ LINT_PNPM, "fetch", LINT_ACT_INSTALL, true },
	{ LINT_PNPM, "add", LINT_ACT_INSTALL, false },
	{ LINT_PNPM, "store prune", LINT_ACT_CLEAN, false },
	{ LINT_BUN, "install", LINT_ACT_INSTALL, true },
	{ LINT_BUN, "add", LINT_ACT_INSTALL, false },
	{ LINT_GO, "mod download", LINT_ACT_INSTALL, true },
	{ LINT_GO, "get", LINT_ACT_INSTALL, false },
	{ LINT_GO, "install", LINT_ACT_INSTALL, false },
	{ LINT_GO, "clean", LINT_ACT_CLEAN, false },
	{ LINT_CARGO, "fetch", LINT_ACT_INSTALL, true },
	{ LINT_CARGO, "install", LINT_ACT_INSTALL, false },
	{ LINT_GEM, "install", LINT_ACT_INSTALL, false },
	{ LINT_BUNDLE, "install", LINT_ACT_INSTALL, true },
	{ LINT_COMPOSER, "install", LINT_ACT_INSTALL, true },
	{ LINT_COMPOSER, "require", LINT_ACT_INSTALL, false },
	{ LINT_MAVEN, "dependency:go-offline", LINT_ACT_INSTALL, true },
	{ LINT_MAVEN, "dependency:resolve", LINT_ACT_INSTALL, true },
	{ LINT_GRADLE, "dependencies", LINT_ACT_INSTALL, true },
};

static const struct {
	const char *program;
	enum lint_manager manager;
} programs[] = {
	{ "apt-get", LINT_APT }, { "apt", LINT_APT }, { "aptitude", LINT_APT },
	{ "apk", LINT_APK }, { "dnf", LINT_DNF }, { "yum", LINT_DNF },
	{ "microdnf", LINT_DNF }, { "tdnf", LINT_DNF },
	{ "zypper", LINT_ZYPPER }, { "pip", LINT_PIP }, { "pip2", LINT_PIP },
	{ "pip3", LINT_PIP }, { "pip-sync", LINT_PIP }, { "uv", LINT_UV },
	{ "poetry", LINT_POETRY }, { "conda", LINT_CONDA },
	{ "mamba", LINT_CONDA }, { "micromamba", LINT_CONDA },
	{ "npm", LINT_NPM }, { "yarn", LINT_YARN }, { "yarnpkg", LINT_YARN },
	{ "pnpm", LINT_PNPM }, { "bun", LINT_BUN }, { "go", LINT_GO },
	{ "cargo", LINT_CARGO }, { "gem", LINT_GEM },
	{ "bundle", LINT_BUNDLE }, { "bundler", LINT_BUNDLE },
	{ "composer", LINT_COMPOSER }, { "mvn", LINT_MAVEN },
	{ "mvnw", LINT_MAVEN }, { "gradle", LINT_GRADLE },
	{ "gradlew", LINT_GRADLE },
};

/* Options whose value is the next word; "=" and glued values need no list. */
static const char *const valued[LINT_MANAGERS] = {
	[LINT_APT] = " -o --option -t --target-release -c --config-file -a ",
	[LINT_APK] = " -X --repository -t --virtual -p --root --arch "
		"--cache-dir --keys-dir --repositories-file ",
	[LINT_DNF] = " --setopt --enablerepo --disablerepo -x --exclude "
		"--installroot --releasever -c --config --repo ",
	[LINT_ZYPPER] = " -p --plus-repo -r --repo --root -R ",
	[LINT_PIP] = " -r --requirement -c --constraint -e --editable -t "
		"--target -i --index-url --extra-index-url -f --find-links "
		"--prefix --root --trusted-host --proxy --timeout --retries "
		"--platform --python-version --implementation --abi --log "
		"--cache-dir --global-option --install-option --no-binary "
		"--only-binary --progress-bar --upgrade-strategy --src "
		"--config-settings -C --cert --client-cert --report -w "
		"--wheel-dir -d --dest --python ",
	[LINT_UV] = " -r --requirement --requirements -c --constraint "
		"--constraints -e --editable --python -p -t --target --prefix "
		"-i --index-url --default-index --index --extra-index-url -f "
		"--find-links --extra --group --no-group --only-group "
		"--package --project --directory --cache-dir ",
	[LINT_POETRY] = " --with --without --only -E --extras -C -P "
		"--directory --project ",
	[LINT_CONDA] = " -n --name -p --prefix -c --channel -f --file ",
	[LINT_NPM] = " --prefix -C --registry --cache --loglevel --omit "
		"--include --only -w --workspace --tag ",
	[LINT_YARN] = " --cwd --registry --cache-folder --modules-folder "
		"--network-timeout --network-concurrency --mutex "
		"--production-mode --prefix --global-folder ",
	[LINT_PNPM] = " -C --dir --filter -F --store-dir --registry ",
	[LINT_BUN] = " --cwd --backend --registry --cache-dir ",
	[LINT_GO] = " -ldflags -tags -mod -o -p -C -gcflags -asmflags ",
	[LINT_CARGO] = " --manifest-path --root --version --vers --git --tag "
		"--branch --rev --path --registry --index --features -F "
		"--target --target-dir -j --jobs --profile --config --bin "
		"--bins --example ",
	[LINT_GEM] = " -v --version -i --install-dir -n --bindir -s --source "
		"-P --trust-policy --platform ",
	[LINT_BUNDLE] = " --path --jobs -j --retry --without --with "
		"--gemfile ",
	[LINT_COMPOSER] = " -d --working-dir ",
	[LINT_MAVEN] = " -f --file -s --settings -pl --projects -P ",
	[LINT_GRADLE] = " -p --project-dir -b --build-file ",
};

static bool
takes_value(enum lint_manager m, const char *option)
{
	char word[40];

	if (!valued[m] || strchr(option, '=') || strlen(option) > 36)
		return false;
	snprintf(word, sizeof(word), " %s ", option);
	return strstr(valued[m], word);
}

static const char *
last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool
is_xargs(const struct shell_command *c)
{
	return !strcmp(shell_program_name(c), "xargs");
}

/* "python3.11" and "pip3.11", too. */
static bool
is_versioned(const char *name, const char *base)
{
	size_t len = strlen(base);

	return !strncmp(name, base, len) &&
		strspn(name + len, "0123456789.") == strlen(name + len);
}

/* From xargs to the word that names what it calls. */
static size_t
pass_xargs(const struct shell_command *c, size_t i)
{
	for (i++; i < c->n_words; i++) {
		const char *word = c->words[i].text;

		if (word[0] != '-' || !word[1])
			break;
		if (word[1] == '-' ? !strchr(word, '=') &&
		    (!strcmp(word, "--arg-file") ||
		     !strncmp(word, "--max-", 6) || !strcmp(word, "--delimiter"))
		    : strchr("aEILnPsd", word[1]) && !word[2])
			i++;
	}
	return i < c->n_words ? i : c->n_words;
}

/* Which manager; *i is the index of the word before its verb. */
static bool
find_manager(const struct shell_command *c, size_t *i, enum lint_manager *m)
{
	const char *name;

	*i = shell_program(c);
	if (*i < c->n_words && is_xargs(c))
		*i = pass_xargs(c, *i);
	if (*i == c->n_words)
		return false;
	name = last_component(c->words[*i].text);
	if ((is_versioned(name, "python") || !strcmp(name, "corepack")) &&
	    *i + 1 < c->n_words) {
		size_t next = *i + 1;

		if (!strcmp(c->words[next].text, "-m"))
			next++;
		if (next == c->n_words)
			return false;
		*i = next;
		name = c->words[next].text;
	}
	for (size_t k = 0; k < sizeof(programs) / sizeof(*programs); k++) {
		if (strcmp(name, programs[k].program) &&
		    (programs[k].manager != LINT_PIP ||
		     !is_versioned(name, "pip")))
			continue;
		*m = programs[k].manager;
		return true;
	}
	return false;
}

/* The next word from i on that is no option of the manager. */
static size_t
next_operand(const struct shell_command *c, enum lint_manager m, size_t i)
{
	for (; i < c->n_words; i++) {
		const char *word = c->words[i].text;

		if (word[0] != '-' || !word[1])
			break;
		i += takes_value(m, word);
	}
	return i < c->n_words ? i : c->n_words;
}

static bool
match_verb(const struct shell_command *c, const struct verb *v, size_t *i)
{
	const char *words = v->words;
	size_t at = *i;

	while (*words) {
		size_t len = strcspn(words, " ");

		at = next_operand(c, v->manager, at + 1);
		if (at == c->n_words || strlen(c->words[at].text) != len ||
		    strncmp(c->words[at].text, words, len) != 0)
			return false;
		words += len + (words[len] == ' ');
	}
	if (!*v->words && next_operand(c, v->manager, at + 1) < c->n_words)
		return false;
	*i = at;
	return true;
}

/* A path of the project, an archive that lies about: no package of a name. */
static bool
is_local_name(enum lint_manager m, const char *word)
{
	size_t len = strlen(word);

	if (word[0] == '.' || word[0] == '/' || !strncmp(word, "file:", 5))
		return true;
	return len > 4 && ((m == LINT_PIP && !strcmp(word + len - 4, ".whl")) ||
			   (m == LINT_APK && !strcmp(word + len - 4, ".apk")));
}

static void
take_option(struct lint_install *in, size_t *i)
{
	const struct shell_command *c = in->c;
	const char *word = c->words[*i].text;
	bool has_next = takes_value(in->manager, word) && *i + 1 < c->n_words;
	bool is_python = in->manager == LINT_PIP || in->manager == LINT_UV;

	if (is_python && (!strcmp(word, "-r") ||
			  !strcmp(word, "--requirement"))) {
		in->manifest = has_next ? &c->words[*i + 1] : NULL;
		in->by_manifest = true;
	} else if (is_python && (!strncmp(word, "--requirement=", 14) ||
				 (!strncmp(word, "-r", 2) && word[2]))) {
		in->manifest = &c->words[*i];
		in->by_manifest = true;
	} else if (is_python && (!strncmp(word, "-e", 2) ||
				 !strncmp(word, "--editable", 10))) {
		in->is_local = true;
	} else if (!strcmp(word, "-g") || !strcmp(word, "--global") ||
		   !strcmp(word, "--location=global")) {
		in->is_global = true;
	}
	*i += has_next;
}

static void
take_operands(struct lint_install *in)
{
	const struct shell_command *c = in->c;
	bool only_names = false;

	for (size_t i = in->program + 1; i < c->n_words; i++) {
		const char *word = c->words[i].text;

		if (!only_names && !strcmp(word, "--")) {
			only_names = true;
		} else if (!only_names && word[0] == '-' && word[1]) {
			take_option(in, &i);
		} else if (i <= in->verb) {
			continue;
		} else if (is_local_name(in->manager, word)) {
			in->is_local = true;
		} else {
			mem_grow(in->names, in->n_names, in->cap_names);
			in->names[in->n_names++] = &c->words[i];
		}
	}
}

bool
lint_install_read(struct lint_install *in, const struct shell_command *c)
{
	const struct verb *found = NULL;
	enum lint_manager m;
	size_t program, at;

	*in = (struct lint_install){ .c = c };
	if (!find_manager(c, &program, &m))
		return false;
	for (size_t k = 0; k < sizeof(verbs) / sizeof(*verbs); k++) {
		at = program;
		if (verbs[k].manager == m && match_verb(c, &verbs[k], &at)) {
			found = &verbs[k];
			break;
		}
	}
	in->manager = m;
	in->program = program;
	in->verb = found ? at : program;
	in->act = found ? found->act : LINT_ACT_OTHER;
	if (!found)
		return true;
	take_operands(in);
	in->is_fed = is_xargs(c);
	if (in->is_fed && in->act == LINT_ACT_INSTALL) {
		in->by_manifest = true;
		in->n_names = 0;	/* of "-I{}" they are none */
	}
	if (found->by_manifest && !in->n_names && !in->is_local)
		in->by_manifest = true;
	if (shell_has_word(c, "--version") || shell_has_word(c, "--help"))
		in->act = LINT_ACT_OTHER;
	return true;
}

void
lint_install_release(struct lint_install *in)
{
	free(in->names);
}

const char *
lint_install_name(const struct lint_install *in, size_t i, char out[128])
{
	const char *word = in->names[i]->text;
	size_t skip = *word == '@', len;

	len = skip + strcspn(word + skip, in->manager == LINT_NPM ||
			     in->manager == LINT_YARN ||
			     in->manager == LINT_PNPM ? "@" : "=<>~![@;:");
	snprintf(out, 128, "%.*s", (int)(len < 127 ? len : 127), word);
	return out;
}

/* Words of an option are left out; those of "-r FILE" are not. */
const char *
lint_install_text(const struct lint_install *in, char out[64])
{
	const struct shell_command *c = in->c;
	struct buf text = BUF_INIT;
	size_t from = in->program, i;

	if (from && !strcmp(c->words[from - 1].text, "-m"))
		from -= from > 1 ? 2 : 1;
	for (i = from; i <= in->verb; i++) {
		const char *word = c->words[i].text;

		if (i > in->program && word[0] == '-') {
			i += takes_value(in->manager, word);
			continue;
		}
		buf_addf(&text, "%s%s", text.len ? " " : "", word);
	}
	if (in->by_manifest && in->manifest)
		buf_addf(&text, "%s%s", in->manifest->text[0] == '-' ? " " :
			 " -r ", in->manifest->text);
	snprintf(out, 64, "%.*s%s", text.len > 60 ? 57 : 60, text.data,
		 text.len > 60 ? "..." : "");
	buf_release(&text);
	return out;
}

const struct shell_word *
lint_install_option(const struct lint_install *in, const char *option)
{
	for (size_t i = in->program + 1; i < in->c->n_words; i++)
		if (!strcmp(in->c->words[i].text, option))
			return &in->c->words[i];
	return NULL;
}
