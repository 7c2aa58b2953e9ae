/* SPDX-License-Identifier: MIT */
/*
 * Mounts. What a fix puts into a RUN stays in the build: the mounts are not of
 * the image, and apt's settings are in /dev/shm, which is a tmpfs of the step.
 */
#include "lint/fix_mount.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sys/file.h"

static const char *
newline(const struct lint_file *f)
{
	const char *end = memchr(f->text.data, '\n', f->text.len);

	return end && end > f->text.data && end[-1] == '\r' ? "\r\n" : "\n";
}

/* Letters that an id may have; runs of others are one dash, none at the ends */
static void
add_id(struct buf *out, const char *s, size_t len)
{
	size_t first = out->len;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '$') {	/* a variable: not for the id */
			i += s[i + 1] == '{' ? strcspn(s + i, "}") :
				strspn(s + i + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				       "abcdefghijklmnopqrstuvwxyz0123456789");
		} else if (isalnum((unsigned char)s[i]) || s[i] == '.' ||
			   s[i] == '_') {
			buf_addc(out, s[i]);
		} else if (out->len > first && out->data[out->len - 1] != '-') {
			buf_addc(out, '-');
		}
	}
	while (out->len > first && out->data[out->len - 1] == '-')
		buf_truncate(out, out->len - 1);
}

/* "debian-bookworm-slim" of what the stage stands on; "base" if unknown. */
static char *
base_word(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index);
	const char *image = "", *slash;
	struct buf out = BUF_INIT;

	while (stage != LINT_NO_STAGE && d->stages[stage].base < stage)
		stage = d->stages[stage].base;
	if (stage != LINT_NO_STAGE && d->stages[stage].image)
		image = d->stages[stage].image;
	slash = strrchr(image, '/');
	image = slash && slash[1] ? slash + 1 : image;
	add_id(&out, image, strcspn(image, "@"));
	if (!out.len)
		buf_adds(&out, "base");
	return buf_detach(&out);
}

/* Settings that move the cache to where the mount would not be. */
static bool
has_own_cache(const struct lint_docker *d, const struct lint_run *run,
	      const struct lint_install *in)
{
	static const char *const names[] = {
		"HOME", "XDG_CACHE_HOME", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR",
		"npm_config_cache", "NPM_CONFIG_CACHE", NULL
	};

	for (size_t i = 0; names[i]; i++)
		if (lint_env(d, run->index, names[i]))
			return true;
	for (size_t i = 0; i < run->n; i++) {
		const struct shell_command *c = &run->v[i];

		for (size_t k = 0; k < c->n_assigns; k++) {
			size_t len = strcspn(c->assigns[k].text, "=");
			char *name = mem_strndup(c->assigns[k].text, len);
			bool moved = str_is_one_of(name, names);

			free(name);
			if (moved)
				return true;
		}
	}
	return lint_install_option(in, "--cache-dir") ||
		lint_install_option(in, "--cache");
}

/* Frontends before 1.2 know no mounts. */
static bool
has_mounts(const struct lint_docker *d)
{
	const char *frontend = d->df->frontend;
	const char *tag = frontend ? strrchr(frontend, ':') : NULL;

	return !tag || (strncmp(tag, ":1.0", 4) && strncmp(tag, ":1.1", 4)) ||
		isdigit((unsigned char)tag[4]);
}

/* The program is called plainly, as root, with nothing around it. */
static bool
is_plain(const struct lint_install *in)
{
	const char *first = in->c->n_words ? in->c->words[0].text : "";

	return in->program == 0 ||
		(in->program <= 2 && !strncmp(first, "python", 6));
}

/* Some of the step runs as another user, whose home is not root's. */
static bool
changes_user(const struct lint_run *run)
{
	static const char *const names[] = {
		"su", "sudo", "runuser", "gosu", "su-exec", "doas", "setpriv",
		NULL
	};

	for (size_t i = 0; i < run->n; i++)
		if (run->v[i].n_words &&
		    str_is_one_of(path_base(run->v[i].words[0].text), names))
			return true;
	return false;
}

static bool
can_mount(const struct lint_docker *d, const struct lint_run *run,
	  const struct lint_install *in)
{
	if (in->manager != LINT_APT && in->manager != LINT_PIP &&
	    in->manager != LINT_NPM)
		return false;
	if (run->is_trigger || run->is_odd || !has_mounts(d) ||
	    !is_plain(in) || !lint_is_root(d, run->index) ||
	    changes_user(run))
		return false;
	return in->manager == LINT_APT ? run->form != LINT_FORM_JSON :
		!has_own_cache(d, run, in);
}

/* Does the escape and the end of its line follow? */
static bool
is_continued(const struct lint_file *f, size_t at)
{
	const char *s = f->text.data;

	while (at < f->text.len && (s[at] == ' ' || s[at] == '\t'))
		at++;
	if (at == f->text.len || s[at++] != f->escape)
		return false;
	while (at < f->text.len && strchr(" \t\r", s[at]) && s[at])
		at++;
	return at < f->text.len && s[at] == '\n';
}

/* The flags, each a line, behind those that are there. */
static void
insert_flags(struct lint_docker *d, const struct lint_run *run,
	     const struct strv *flags)
{
	struct lint_file *f = d->f;
	const char *nl = newline(f);
	struct buf text = BUF_INIT;
	bool has_flags = run->in->n_flags > 0;
	size_t end = run->flags_end;

	for (size_t i = 0; i < flags->n; i++) {
		if (i || has_flags)
			buf_addf(&text, " %c%s   ", f->escape, nl);
		buf_addf(&text, " %s", flags->v[i]);
	}
	if (!has_flags && !is_continued(f, end)) {
		buf_addf(&text, " %c%s    ", f->escape, nl);
		while (end < f->text.len && (f->text.data[end] == ' ' ||
					     f->text.data[end] == '\t'))
			end++;
	}
	lint_edit(f, run->flags_end, end, text.data);
	buf_release(&text);
}

/* May apt be told in each of its calls where its settings are? */
static bool
can_disarm(const struct lint_run *run)
{
	if (run->is_odd || run->is_trigger || run->form == LINT_FORM_JSON)
		return false;
	for (size_t i = 0; i < run->n_installs; i++) {
		const struct lint_install *in = &run->installs[i];
		const char *name;

		if (in->manager != LINT_APT)
			continue;
		name = shell_program_name(in->c);
		if (!in->c->exact || in->c->substituted ||
		    !strcmp(name, "aptitude") ||
		    lint_install_option(in, "-c") ||
		    lint_install_option(in, "--config-file"))
			return false;
	}
	return run->form == LINT_FORM_SHELL ||
		(run->in->n_heredocs == 1 && run->body);
}

void
lint_fix_disarm(struct lint_docker *d, const struct lint_run *run)
{
	struct lint_file *f = d->f;
	const char *nl = newline(f);
	bool is_body = run->form == LINT_FORM_HEREDOC;
	char escape = is_body ? '\\' : f->escape, and_so_on[16], *text;

	snprintf(and_so_on, sizeof(and_so_on), " && %c%s    ", escape, nl);
	if (!can_disarm(run))
		return;
	if (is_body && f->text.len - run->body > 2 &&
	    !memcmp(f->text.data + run->body, "#!", 2))
		return;
	for (size_t i = 0; i < run->n_installs; i++) {
		const struct lint_install *in = &run->installs[i];
		size_t end = in->c->words[in->program].end;

		if (in->manager == LINT_APT && in->act != LINT_ACT_CLEAN)
			lint_edit(f, end, end, " -c " LINT_APT_CONF);
	}
	text = mem_printf("printf '%%s\\n' '#clear DPkg::Post-Invoke;' %c%s"
			  "        '#clear APT::Update::Post-Invoke;' %c%s"
			  "        'APT::Keep-Downloaded-Packages \"true\";' >"
			  LINT_APT_CONF "%s", escape, nl, escape, nl,
			  is_body ? nl : and_so_on);
	lint_edit(f, is_body ? run->body : run->text,
		  is_body ? run->body : run->text, text);
	free(text);
}

#define LISTS "/var/lib/apt/lists"

/*
 * The lists may be mounted where the RUN fetches them and removes them again.
 * Else they are of the image: a later step may count on them, or this one on
 * those of an earlier one, and a mount is empty when it pleases the engine.
 */
static bool
keeps_no_lists(const struct lint_run *run)
{
	bool updates = false, removes = false;
	size_t n_paths;

	for (size_t i = 0; i < run->n_installs; i++)
		updates |= run->installs[i].manager == LINT_APT &&
			run->installs[i].act == LINT_ACT_INDEX &&
			!run->installs[i].c->conditional;
	for (size_t i = 0; i < run->n; i++)
		removes |= !run->v[i].conditional &&
			lint_removed(&run->v[i], LISTS, &n_paths) != NULL;
	return updates && removes;
}

static bool
names_path(const struct shell_command *c, const char *target)
{
	bool is_cd = !strcmp(shell_program_name(c), "cd");

	for (size_t i = shell_program(c) + 1; i < c->n_words; i++)
		if (lint_names_path(c->words[i].text, target) &&
		    !(is_cd && !strcmp(c->words[i].text, "/")))
			return true;
	for (size_t i = 0; i < c->n_assigns; i++)
		if (strstr(c->assigns[i].text, target))
			return true;
	for (size_t i = 0; i < c->n_redirects; i++)
		if (lint_names_path(c->redirects[i].target.text, target))
			return true;
	return false;
}

bool
lint_fix_is_watched(const struct lint_run *run, const char *target)
{
	size_t n_paths;

	for (size_t i = 0; i < run->n; i++)
		if (!lint_removed(&run->v[i], target, &n_paths) &&
		    names_path(&run->v[i], target))
			return true;
	return false;
}

/* What will be mounted. */
static size_t
targets(const struct lint_run *run, enum lint_manager manager,
	const char *out[2])
{
	out[0] = lint_manager(manager)->mount;
	out[1] = LISTS;
	return manager == LINT_APT && keeps_no_lists(run) ? 2 : 1;
}

/* A step that looks there, or has the manager do so, would see the mount. */
static bool
uses_cache(const struct lint_run *run, enum lint_manager manager)
{
	const char *paths[2];
	size_t n = targets(run, manager, paths);

	for (size_t i = 0; i < n; i++)
		if (lint_fix_is_watched(run, paths[i]))
			return true;
	for (size_t i = 0; i < run->n_installs; i++) {
		const struct lint_install *in = &run->installs[i];

		if (in->manager == manager && in->act == LINT_ACT_OTHER &&
		    shell_has_word(in->c, "cache"))
			return true;
	}
	return false;
}

bool
lint_fix_is_cleaned(const struct lint_run *run, const struct lint_install *in)
{
	const char *paths[2];
	size_t n = targets(run, in->manager, paths), n_paths;

	for (size_t i = 0; i < run->n_installs; i++)
		if (run->installs[i].manager == in->manager &&
		    run->installs[i].act == LINT_ACT_CLEAN)
			return true;
	for (size_t i = 0; paths[0] && i < n; i++)
		for (size_t k = 0; k < run->n; k++)
			if (lint_removed(&run->v[k], paths[i], &n_paths))
				return true;
	return uses_cache(run, in->manager);
}

/* rm -rf of what will be mounted: the word, or all of the command. */
static bool
drop_removal(struct lint_docker *d, const struct lint_run *run,
	     const struct shell_command *c, enum lint_manager manager)
{
	const char *paths[2];
	size_t n = targets(run, manager, paths), n_found = 0, n_paths = 0;
	const struct shell_word *found[2];
	bool dropped = true;

	for (size_t i = 0; i < n; i++) {
		const struct shell_word *w = lint_removed(c, paths[i],
							  &n_paths);

		if (w && (!n_found || found[0] != w))
			found[n_found++] = w;
	}
	if (n_found && n_found == n_paths)
		return lint_fix_drop_command(d, run, c);
	for (size_t i = 0; i < n_found; i++)
		dropped = lint_fix_drop_word(d, run, c, found[i]) && dropped;
	return dropped;
}

/*
 * Clean-ups of what will be mounted are of no use any more, and one that stays
 * would empty it at each run: false.
 */
static bool
drop_cleanups(struct lint_docker *d, const struct lint_run *run,
	      const struct lint_install *mounted)
{
	for (size_t i = 0; i < run->n; i++)
		if (!drop_removal(d, run, &run->v[i], mounted->manager))
			return false;
	for (size_t i = 0; i < run->n_installs; i++) {
		const struct lint_install *in = &run->installs[i];
		const struct shell_word *w;

		if (in->manager != mounted->manager)
			continue;
		if (in->act == LINT_ACT_CLEAN &&
		    !lint_fix_drop_command(d, run, in->c))
			return false;
		w = in->manager == LINT_PIP && in->act == LINT_ACT_INSTALL ?
			lint_install_option(in, "--no-cache-dir") : NULL;
		if (w && !lint_fix_drop_word(d, run, in->c, w))
			return false;
	}
	return true;
}

bool
lint_fix_flags(const struct lint_docker *d, const struct lint_run *run,
	       const struct lint_install *in, struct strv *flags)
{
	const struct lint_manager_info *info = lint_manager(in->manager);
	char *base;

	if (!can_mount(d, run, in) || uses_cache(run, in->manager) ||
	    (in->manager == LINT_APT && !can_disarm(run)))
		return false;
	if (in->manager != LINT_APT) {
		strv_pushf(flags, "--mount=type=cache,id=%s,target=%s",
			   info->id, info->mount);
		return true;
	}
	base = base_word(d, run->index);
	strv_pushf(flags, "--mount=type=cache,id=apt-archives-%s,"
		   "target=/var/cache/apt,sharing=locked", base);
	if (keeps_no_lists(run))
		strv_pushf(flags, "--mount=type=cache,id=apt-lists-%s,target="
			   LISTS ",sharing=locked", base);
	free(base);
	return true;
}

/* What is written beside the mounts is said as well. */
void
lint_fix_cure(struct lint_docker *d, const struct lint_run *run,
	      const struct lint_install *in, const struct strv *flags)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "RUN");
	for (size_t i = 0; i < flags->n; i++)
		buf_addf(&text, " %s", flags->v[i]);
	if (in->manager == LINT_APT)
		buf_adds(&text, ", and apt-get -c " LINT_APT_CONF " with settings "
			 "that keep what it fetches");
	if (in->manager == LINT_APT && keeps_no_lists(run))
		buf_adds(&text, ", for the removal of the lists");
	lint_cure(d->f, "%s", text.data);
	buf_release(&text);
}

bool
lint_fix_mount(struct lint_docker *d, const struct lint_run *run,
	       const struct lint_install *in, const struct strv *flags)
{
	insert_flags(d, run, flags);
	if (in->manager == LINT_APT)
		lint_fix_disarm(d, run);
	if (drop_cleanups(d, run, in))
		return true;
	lint_unedit(d->f);
	return false;
}

/* Where more values may be added to a flag; 0 if it is written in an odd way */
static size_t
end_of_values(const struct lint_docker *d, const struct lint_mount *m)
{
	const char *s = d->f->text.data;
	char last = s[m->end - 1];

	if (memchr(s + m->begin, '\n', m->end - m->begin))
		return 0;
	return last == '"' || last == '\'' ? m->end - 1 : m->end;
}

void
lint_fix_sharing(struct lint_docker *d, const struct lint_mount *m)
{
	static const char shared[] = "sharing=shared";
	size_t end = end_of_values(d, m), len = strlen(shared);
	const char *s = d->f->text.data, *at;

	if (!end)
		return;
	if (!m->sharing) {
		lint_edit(d->f, end, end, ",sharing=locked");
		return;
	}
	at = memmem(s + m->begin, m->end - m->begin, shared, len);
	if (at)
		lint_edit(d->f, (size_t)(at - s), (size_t)(at - s) + len,
			  "sharing=locked");
}

/* A word for what is mounted there; two mounts never have the same. */
static void
add_target_id(struct buf *out, const char *target)
{
	static const struct {
		const char *target, *id;
	} known[] = {
		{ "/root/.cache/pip", "pip" }, { "/root/.npm", "npm" },
		{ "/root/.cache/go-build", "go-build" },
		{ "/go/pkg/mod", "go-mod" }, { "/root/.m2", "maven" },
		{ "/root/.gradle", "gradle" },
		{ "/usr/local/cargo/registry", "cargo-registry" },
		{ "/usr/local/share/.cache/yarn", "yarn" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(known[i].target, target)) {
			buf_adds(out, known[i].id);
			return;
		}
	add_id(out, target, strlen(target));
}

void
lint_fix_id(struct lint_docker *d, const struct lint_run *run,
	    const struct lint_mount *m)
{
	size_t end = end_of_values(d, m);
	struct buf text = BUF_INIT;
	char *base;

	if (!end || strchr(m->target, '$'))
		return;
	buf_adds(&text, ",id=");
	if (lint_manager_owns(LINT_APT, m->target)) {
		base = base_word(d, run->index);
		buf_addf(&text, "apt-%s-%s", strstr(m->target, "lists") ?
			 "lists" : strstr(m->target, "/var/lib") ? "lib" :
			 "archives", base);
		free(base);
	} else {
		add_target_id(&text, m->target);
	}
	lint_edit(d->f, end, end, text.data);
	buf_release(&text);
}
