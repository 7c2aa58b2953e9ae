/* SPDX-License-Identifier: MIT */
/*
 * Rules about cache mounts: IC005 defeated, IC007 those of apt, IC013 without
 * an id, IC017 missing.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lint/docker.h"
#include "lint/fix_mount.h"
#include "recipe/dockerfile_ref.h"
#include "sys/file.h"

static bool
is_cache(const struct lint_mount *m)
{
	return !strcmp(m->type, "cache");
}

/* Some cache mount whose path only a variable knows. */
static bool
has_unknown_cache(const struct lint_run *run)
{
	for (size_t i = 0; i < run->n_mounts; i++)
		if (is_cache(&run->mounts[i]) &&
		    strchr(run->mounts[i].target, '$'))
			return true;
	return false;
}

/* The cache folder as a whole: /root/.cache. */
static bool
has_whole_cache(const struct lint_run *run)
{
	for (size_t i = 0; i < run->n_mounts; i++)
		if (is_cache(&run->mounts[i]) &&
		    (str_ends(run->mounts[i].target, "/.cache") ||
		     str_ends(run->mounts[i].target, "/.cache/")))
			return true;
	return false;
}

/* Without a module's address it builds what is there. */
static bool
names_module(const struct lint_install *in)
{
	for (size_t i = 0; i < in->n_names; i++)
		if (strchr(in->names[i]->text, '.'))
			return true;
	return false;
}

static bool
mentions(const struct lint_docker *d, size_t begin, size_t end,
	 const char *word)
{
	return memmem(d->f->text.data + begin, end - begin, word,
		      strlen(word)) != NULL;
}

/* The bytes of an instruction, heredocs included. */
static void
whole(const struct lint_docker *d, size_t index, size_t *begin, size_t *end)
{
	const struct dockerfile_instruction *in = &d->df->v[index];
	size_t line = (size_t)in->end_line;

	*begin = lint_begin(in);
	*end = line < d->f->n_lines ? d->f->lines[line] : d->f->text.len;
}

/* Its installer wants no folder where a mount would make one. */
static bool
installs_conda(const struct lint_docker *d, const struct lint_run *run)
{
	size_t begin, end;

	whole(d, run->index, &begin, &end);
	return mentions(d, begin, end, "iniconda") ||
		mentions(d, begin, end, "iniforge");
}

/* Yarn 2 and later: what "cache clean" empties is not the cache of yarn 1. */
static bool
is_yarn_berry(const struct lint_docker *d, const struct lint_run *run)
{
	size_t begin, end;

	whole(d, run->index, &begin, &end);
	return mentions(d, begin, end, "workspaces focus");
}

/* golang:1.15 and older: go get wants no modules, and fetches elsewhere. */
static bool
has_no_modules(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index), at = index;
	static const char word[] = "golang:1.";
	const char *image, *at_tag, *minor;

	while (lint_before(d, &stage, &at))
		;
	image = stage == LINT_NO_STAGE ? NULL : d->stages[stage].image;
	at_tag = image ? strstr(image, word) : NULL;
	if (!at_tag)
		return false;
	minor = at_tag + strlen(word);
	return isdigit((unsigned char)*minor) && atoi(minor) < 16;
}

static bool
fetches(const struct lint_docker *d, const struct lint_run *run,
	const struct lint_install *in)
{
	if (in->act != LINT_ACT_INSTALL)
		return false;
	if (in->manager == LINT_GO && !in->by_manifest &&
	    (!names_module(in) || has_no_modules(d, run->index)))
		return false;
	if (in->manager == LINT_CONDA && installs_conda(d, run))
		return false;
	if (in->is_local && !in->n_names && !in->by_manifest)
		return false;
	if (lint_install_option(in, "--no-index") ||
	    lint_install_option(in, "--offline") ||
	    lint_install_option(in, "--no-network"))
		return false;
	return lint_manager(in->manager)->mount != NULL;
}

/* A mount for it was found to be missing in this RUN before. */
static bool
is_repeated(const struct lint_docker *d, const struct lint_run *run,
	    const struct lint_install *in)
{
	const struct lint_install *at = run->installs;

	for (; at < in; at++)
		if (at->manager == in->manager && fetches(d, run, at))
			return true;
	return false;
}

/* yum's own folder, unless it is another name of dnf; else as it is known. */
static void
cure_missing(struct lint_docker *d, const struct lint_run *run,
	     const struct lint_install *in)
{
	const struct lint_manager_info *info = lint_manager(in->manager);
	const char *word = path_base(in->c->words[in->program].text);

	if (!str_is(word, "yum") && !str_is(word, "microdnf")) {
		lint_cure(d->f, "RUN --mount=type=cache,id=%s,target=%s%s%s",
			  info->id, info->mount, info->hint,
			  lint_fix_is_cleaned(run, in) ? "; the step must not "
			  "empty or read it then" : "");
		return;
	}
	lint_cure(d->f, "RUN --mount=type=cache,id=yum,target=/var/cache/yum,"
		  "sharing=locked, with --setopt=keepcache=1; where %s is dnf "
		  "(from release 8 on) the folder is /var/cache/dnf", word);
}

/* pip passes over its cache, whatever is mounted. */
static bool
is_switched_off(const struct lint_docker *d, const struct lint_run *run,
		const struct lint_install *in)
{
	const char *off = in->manager == LINT_PIP ?
		lint_env(d, run->index, "PIP_NO_CACHE_DIR") : NULL;

	return off && *off;	/* whatever it says, "0" as well */
}

/* What is known of folders below /root is of no use then. */
static bool
has_other_home(const struct lint_docker *d, const struct lint_run *run)
{
	const char *home = lint_env(d, run->index, "HOME");

	return home && *home && strcmp(home, "/root");
}

static void
check_missing(struct lint_docker *d, const struct lint_run *run,
	      const struct lint_install *in)
{
	const struct lint_manager_info *info = lint_manager(in->manager);
	struct strv flags = {0};
	char text[64];

	if (!fetches(d, run, in) || lint_run_cache(run, in->manager) ||
	    has_unknown_cache(run) || has_whole_cache(run) ||
	    is_repeated(d, run, in))
		return;
	lint_note(d->f, LINT_NO_MOUNT, in->c->begin, in->c->end,
		  "'%s' has no cache mount: when this step runs again, it "
		  "fetches everything again", lint_install_text(in, text));
	if (!lint_is_root(d, run->index)) {
		lint_cure(d->f, "mount a cache of %s that the step's user may "
			  "write to: RUN --mount=type=cache,id=%s,uid=...,"
			  "target=...", info->word, info->id);
	} else if (is_switched_off(d, run, in)) {
		lint_cure(d->f, "RUN --mount=type=cache,id=%s,target=%s, with "
			  "PIP_NO_CACHE_DIR= (empty) for this command",
			  info->id, info->mount);
	} else if (has_other_home(d, run) && str_starts(info->mount, "/root")) {
		lint_cure(d->f, "mount a cache of %s where it has it under "
			  "that HOME: RUN --mount=type=cache,id=%s,target=...",
			  info->word, info->id);
	} else if (lint_fix_flags(d, run, in, &flags) &&
	    lint_fix_mount(d, run, in, &flags)) {
		lint_fix_cure(d, run, in, &flags);
	} else {
		cure_missing(d, run, in);
	}
	strv_release(&flags);
}

static bool
is_apt(const struct lint_mount *m)
{
	return is_cache(m) && lint_manager_owns(LINT_APT, m->target);
}

static void
check_sharing(struct lint_docker *d, const struct lint_mount *m)
{
	if (m->sharing && strcmp(m->sharing, "shared"))
		return;
	lint_note(d->f, LINT_APT_MOUNT, m->begin, m->end, "two builds at once "
		  "write to '%s', and apt fails when it finds it locked",
		  m->target);
	lint_cure(d->f, "add sharing=locked");
	lint_fix_sharing(d, m);
}

/* Somebody saw to it that apt keeps what it fetched. */
static bool
keeps_archives(const struct lint_docker *d, size_t index)
{
	size_t begin, end;

	whole(d, index, &begin, &end);
	return mentions(d, begin, end, "docker-clean") ||
		mentions(d, begin, end, "Keep-Downloaded-Packages") ||
		mentions(d, begin, end, "#clear DPkg::Post-Invoke");
}

/* Images that Docker publishes come with docker-clean; others may not. */
static bool
is_official(const char *image)
{
	struct image_ref ref;
	bool is;

	if (!image || !image_ref_parse(&ref, image))
		return false;
	is = !strchr(ref.familiar, '/');
	image_ref_release(&ref);
	return is;
}

static bool
has_docker_clean(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index), at = index;

	if (keeps_archives(d, index))
		return false;
	while (lint_before(d, &stage, &at))
		if (keeps_archives(d, at))
			return false;
	return stage != LINT_NO_STAGE && is_official(d->stages[stage].image);
}

static bool
calls_apt(const struct lint_run *run)
{
	for (size_t i = 0; i < run->n_installs; i++)
		if (run->installs[i].manager == LINT_APT &&
		    run->installs[i].act == LINT_ACT_INSTALL)
			return true;
	return false;
}

static void
check_docker_clean(struct lint_docker *d, const struct lint_run *run,
		   const struct lint_mount *m)
{
	if (!strstr(m->target, "/var/cache/apt") || !calls_apt(run) ||
	    !has_docker_clean(d, run->index))
		return;
	lint_note(d->f, LINT_APT_MOUNT, m->begin, m->end, "docker-clean of the "
		  "base empties '%s' after each install, so the mount keeps "
		  "nothing", m->target);
	lint_cure(d->f, "disarm it in this step: apt-get -c with a file that "
		  "has '#clear DPkg::Post-Invoke;' and "
		  "'APT::Keep-Downloaded-Packages \"true\";'");
	lint_fix_disarm(d, run);
}

static void
check_id(struct lint_docker *d, const struct lint_run *run,
	 const struct lint_mount *m)
{
	if (m->id || !*m->target || m->from)
		return;		/* with a base, that is in its key */
	lint_note(d->f, LINT_MOUNT_ID, m->begin, m->end, "without an id the "
		  "cache goes by its path, and every Dockerfile with '%s' "
		  "shares it", m->target);
	lint_cure(d->f, "add an id that names what is in it, and for which "
		  "distribution");
	lint_fix_id(d, run, m);
}

static void
check_removal(struct lint_docker *d, const struct lint_run *run,
	      const struct shell_command *c, const struct lint_mount *m)
{
	size_t n_paths;
	const struct shell_word *w = lint_removed(c, m->target, &n_paths);

	if (!w)
		return;
	lint_note(d->f, LINT_CACHE_DEFEATED, w->begin, w->end,
		  "this empties the cache that is mounted at '%s'; the image "
		  "holds nothing of it anyway", m->target);
	lint_cure(d->f, "drop it");
	if (lint_fix_is_watched(run, m->target))
		return;
	if (n_paths == 1)
		lint_fix_drop_command(d, run, c);
	else
		lint_fix_drop_word(d, run, c, w);
}

/* The option that makes a manager bypass its cache. */
static const struct shell_word *
bypass(const struct lint_install *in)
{
	switch (in->manager) {
	case LINT_PIP:
		return lint_install_option(in, "--no-cache-dir");
	case LINT_UV:
		return lint_install_option(in, "--no-cache");
	case LINT_APK:
		return lint_install_option(in, "--no-cache");
	default:
		return NULL;
	}
}

static void
check_bypass(struct lint_docker *d, const struct lint_run *run,
	     const struct lint_install *in, const struct lint_mount *m)
{
	const struct shell_word *w = bypass(in);

	if (w) {
		lint_note(d->f, LINT_CACHE_DEFEATED, w->begin, w->end,
			  "%s makes %s pass over the cache that is mounted at "
			  "'%s'", w->text, lint_manager(in->manager)->word,
			  m->target);
		lint_cure(d->f, "drop it: nothing of the mount gets into the "
			  "image");
		if (in->manager != LINT_APK)
			lint_fix_drop_word(d, run, in->c, w);
		return;
	}
	if (!is_switched_off(d, run, in))
		return;
	lint_note(d->f, LINT_CACHE_DEFEATED, in->c->begin, in->c->end,
		  "ENV PIP_NO_CACHE_DIR makes pip pass over the cache that is "
		  "mounted at '%s'", m->target);
	lint_cure(d->f, "drop the ENV, or set PIP_NO_CACHE_DIR= (empty) for "
		  "this command");
}

static void
check_defeated(struct lint_docker *d, const struct lint_run *run,
	       const struct lint_install *in)
{
	const struct lint_mount *m = lint_run_cache(run, in->manager);
	char text[64];

	if (!m)
		return;
	if (in->act == LINT_ACT_INSTALL)
		check_bypass(d, run, in, m);
	if (in->act != LINT_ACT_CLEAN)
		return;
	if (in->manager == LINT_APT && strstr(m->target, "/var/lib/apt"))
		return;		/* clean is about the archives alone */
	if (in->manager == LINT_YARN && is_yarn_berry(d, run))
		return;
	lint_note(d->f, LINT_CACHE_DEFEATED, in->c->begin, in->c->end,
		  "'%s' empties the cache that is mounted at '%s'; the image "
		  "holds nothing of it anyway", lint_install_text(in, text),
		  m->target);
	lint_cure(d->f, "drop it");
	if (!lint_fix_is_watched(run, m->target))
		lint_fix_drop_command(d, run, in->c);
}

static void
check_run(struct lint_docker *d, const struct lint_run *run)
{
	for (size_t i = 0; i < run->n_installs; i++) {
		check_missing(d, run, &run->installs[i]);
		check_defeated(d, run, &run->installs[i]);
	}
	for (size_t i = 0; i < run->n_mounts; i++) {
		const struct lint_mount *m = &run->mounts[i];

		for (size_t k = 0; is_cache(m) && k < run->n; k++)
			check_removal(d, run, &run->v[k], m);
		if (is_apt(m)) {
			check_sharing(d, m);
			check_docker_clean(d, run, m);
		}
		if (is_cache(m))
			check_id(d, run, m);
	}
}

void
lint_check_mounts(struct lint_docker *d)
{
	for (size_t i = 0; i < d->df->n; i++)
		if (d->runs[i])
			check_run(d, d->runs[i]);
}
