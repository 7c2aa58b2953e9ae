/* SPDX-License-Identifier: MIT */
/* IC003: base images whose tag moves. IC004: what a base has already. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "key/lockfile.h"
#include "lint/docker.h"
#include "recipe/dockerfile_ref.h"
#include "sys/file.h"

/* Tags that are pointed at something newer as time goes by. */
static bool
is_moving_word(const char *word, size_t len)
{
	static const char *const words[] = {
		"latest", "edge", "nightly", "main", "master", "trunk", "dev",
		"develop", "devel", "rolling", "rawhide", "testing",
		"unstable", "sid", "stable", "oldstable", "next", "canary",
		"head", "tip", "snapshot", "current", "lts", "mainline"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == len && !strncmp(word, words[i], len))
			return true;
	return false;
}

/* "lts-alpine" moves; "nightly-2026-01-02" and "stable-1.27" do not. */
static bool
is_moving(const char *tag)
{
	return is_moving_word(tag, strcspn(tag, "-_.")) &&
		!strpbrk(tag, "0123456789");
}

/* The bases that the team's lock file pins. */
static bool
is_locked(const struct lint_docker *d, const char *ref)
{
	const struct imgcache *ic = d->f->lint->ic;
	struct imgcache_error ignored = {0};
	struct lockfile lock = { .v = NULL };
	char *path;
	bool found;

	if (!ic->has_project)
		return false;
	path = path_join(ic->project.dir, "imgcache.lock");
	found = !lockfile_read(path, &lock, &ignored) &&
		lockfile_find(&lock, ref);
	lockfile_release(&lock);
	free(path);
	return found;
}

/* Some base of the file is pinned, or the build is to be repeatable. */
static bool
asks_for_digests(const struct lint_docker *d)
{
	for (size_t i = 0; i < d->n_images; i++)
		if (d->images[i].is_base && strchr(d->images[i].ref, '@'))
			return true;
	for (size_t i = 0; i < d->df->n; i++)
		if (d->df->v[i].keyword == DOCKERFILE_ARG &&
		    !strncmp(d->df->v[i].args[0], "SOURCE_DATE_EPOCH", 17))
			return true;
	return false;
}

/* Where the reference is written: in a FROM, a --from=, or a mount. */
static void
find_ref(const struct lint_docker *d, const struct dockerfile_image *image,
	 size_t *begin, size_t *end)
{
	const struct dockerfile_instruction *in = NULL;
	char *flag;

	for (size_t i = 0; i < d->df->n; i++)
		if (d->df->v[i].line == image->line)
			in = &d->df->v[i];
	*begin = lint_begin(in);
	*end = lint_end(in);
	if (in->keyword == DOCKERFILE_FROM) {
		lint_word_place(in, in->args[0], begin, end);
		return;
	}
	flag = mem_printf("--from=%s", image->ref);
	lint_word_place(in, flag, begin, end);
	free(flag);
}

static void
check_image(struct lint_docker *d, const struct dockerfile_image *image,
	    bool wants_digests)
{
	struct image_ref ref;
	size_t begin, end;

	if (!image_ref_parse(&ref, image->ref))
		return;
	if (ref.digest || str_starts(image->ref, "localhost/imgcache") ||
	    is_locked(d, image->ref))
		goto out;
	find_ref(d, image, &begin, &end);
	if (!ref.tag) {
		lint_note(d->f, LINT_MOVING_BASE, begin, end,
			  "'%s' has no tag, so it is whatever :latest is when "
			  "it is built", image->ref);
		lint_cure(d->f, "name a release, or a digest: %s:TAG",
			  image->ref);
	} else if (is_moving(ref.tag)) {
		lint_note(d->f, LINT_MOVING_BASE, begin, end,
			  "'%s' moves: the same Dockerfile gives another image "
			  "each time its tag does", image->ref);
		lint_cure(d->f, "name a release, or a digest; imgcache lock "
			  "pins it for the team");
	} else if (wants_digests) {
		lint_note(d->f, LINT_MOVING_BASE, begin, end,
			  "'%s' is not pinned, though this file asks for "
			  "repeatable builds", image->ref);
		lint_cure(d->f, "add the digest: %s@sha256:...", image->ref);
	}
out:
	image_ref_release(&ref);
}

/* What official images are there for; a second one is seldom wanted. */
static const struct {
	const char *image;
	const char *packages;	/* of any manager, blanks around each */
} held[] = {
	{ "node", " nodejs npm " },
	{ "python", " python3 python python3-pip python-pip py3-pip " },
	{ "golang", " golang golang-go go " },
	{ "ruby", " ruby ruby-full " },
	{ "php", " php php-cli " },
	{ "rust", " rustc cargo " },
	{ "gcc", " gcc g++ " },
	{ "nginx", " nginx " },
	{ "maven", " maven " },
	{ "gradle", " gradle " },
};

static const char *
held_by(const char *image)
{
	struct image_ref ref;
	const char *packages = NULL;

	if (!image_ref_parse(&ref, image))
		return NULL;
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++) {
		size_t len = strlen(held[i].image);

		if (!strncmp(ref.familiar, held[i].image, len) &&
		    (!ref.familiar[len] || strchr(":@", ref.familiar[len])))
			packages = held[i].packages;
	}
	image_ref_release(&ref);
	return packages;
}

static const char *
root_image(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index);

	while (stage != LINT_NO_STAGE && d->stages[stage].base < stage)
		stage = d->stages[stage].base;
	return stage == LINT_NO_STAGE ? NULL : d->stages[stage].image;
}

static bool
is_system(enum lint_manager m)
{
	return m == LINT_APT || m == LINT_APK || m == LINT_DNF;
}

static void
check_held(struct lint_docker *d, const struct lint_run *run,
	   const struct lint_install *in)
{
	const char *image = root_image(d, run->index);
	const char *packages = image ? held_by(image) : NULL;
	char name[128], word[136];

	if (!packages)
		return;
	for (size_t i = 0; i < in->n_names; i++) {
		lint_install_name(in, i, name);
		snprintf(word, sizeof(word), " %s ", name);
		if (!strstr(packages, word))
			continue;
		lint_note(d->f, LINT_REINSTALL, in->names[i]->begin,
			  in->names[i]->end, "'%s' is in the base '%s' "
			  "already; this installs a second one beside it",
			  name, image);
		lint_cure(d->f, "leave it out, or take a base without it");
	}
}

static bool
removes(const struct lint_run *run, enum lint_manager m)
{
	static const char *const verbs[] = {
		"remove", "purge", "autoremove", "del", "erase"
	};

	for (size_t i = 0; i < run->n_installs; i++) {
		const struct lint_install *in = &run->installs[i];

		if (in->manager != m || in->act != LINT_ACT_OTHER)
			continue;
		for (size_t k = 0; k < sizeof(verbs) / sizeof(*verbs); k++)
			if (shell_has_word(in->c, verbs[k]))
				return true;
	}
	return false;
}

static bool
has_name(const struct lint_install *in, const char *text)
{
	for (size_t i = 0; i < in->n_names; i++)
		if (!strcmp(in->names[i]->text, text))
			return true;
	return false;
}

static int
line_of_install(const struct lint_docker *d, const struct lint_run *run,
		enum lint_manager m, const char *text)
{
	for (size_t i = 0; i < run->n_installs; i++) {
		const struct lint_install *in = &run->installs[i];

		if (in->manager == m && !in->c->conditional &&
		    in->act == LINT_ACT_INSTALL && has_name(in, text))
			return lint_line_of(d->f, in->c->begin);
	}
	return 0;
}

/* The line of an earlier step that installs the same, 0 if none does. */
static int
installed_in(const struct lint_docker *d, const struct lint_run *run,
	     const struct lint_install *in, const char *text)
{
	size_t stage = lint_stage_of(d, run->index), index = run->index;

	if (lint_run_changes_sources(d, run, in->c->begin))
		return 0;
	while (lint_before(d, &stage, &index)) {
		const struct lint_run *before = d->runs[index];
		int line;

		if (before && !before->is_trigger) {
			if (removes(before, in->manager))
				return 0;
			line = line_of_install(d, before, in->manager, text);
			if (line)
				return line;
		}
		if (lint_changes_sources(d, index))
			return 0;
	}
	return 0;
}

/* From elsewhere, so it is another version that is wanted. */
static bool
names_source(const struct lint_install *in)
{
	static const char *const options[] = {
		"-t", "--target-release", "--default-release", "--enablerepo",
		"--repo", "--repoid", "-X", "--repository"
	};

	for (size_t i = 0; i < in->c->n_words; i++)
		for (size_t k = 0; k < sizeof(options) / sizeof(*options);
		     k++) {
			const char *word = in->c->words[i].text;
			size_t len = strlen(options[k]);

			if (!strncmp(word, options[k], len) &&
			    (!word[len] || word[len] == '='))
				return true;
		}
	return false;
}

static void
check_twice(struct lint_docker *d, const struct lint_run *run,
	    const struct lint_install *in)
{
	if (names_source(in))
		return;
	for (size_t i = 0; i < in->n_names; i++) {
		const struct shell_word *w = in->names[i];
		int line = w->expands || in->c->conditional ? 0 :
			installed_in(d, run, in, w->text);

		if (!line)
			continue;
		lint_note(d->f, LINT_REINSTALL, w->begin, w->end,
			  "'%s' was installed in line %d already", w->text,
			  line);
		lint_cure(d->f, "leave it out here");
	}
}

static void
check_forced(struct lint_docker *d, const struct lint_install *in)
{
	const struct shell_word *w = NULL;

	if (in->manager == LINT_PIP || in->manager == LINT_UV)
		w = lint_install_option(in, "--force-reinstall");
	if (!w && in->manager == LINT_PIP)
		w = lint_install_option(in, "--ignore-installed");
	if (!w && in->manager == LINT_PIP)
		w = lint_install_option(in, "-I");
	if (in->manager == LINT_APT)
		w = lint_install_option(in, "--reinstall");
	if (!w)
		return;
	lint_note(d->f, LINT_REINSTALL, w->begin, w->end,
		  "%s installs what is there already once more", w->text);
	lint_cure(d->f, "drop it; pin the version where another one is "
		  "wanted");
}

void
lint_check_bases(struct lint_docker *d)
{
	bool wants_digests = asks_for_digests(d);

	for (size_t i = 0; i < d->n_images; i++)
		check_image(d, &d->images[i], wants_digests);
	for (size_t i = 0; i < d->df->n; i++) {
		const struct lint_run *run = d->runs[i];

		for (size_t k = 0; run && k < run->n_installs; k++) {
			const struct lint_install *in = &run->installs[k];

			if (in->act != LINT_ACT_INSTALL)
				continue;
			check_forced(d, in);
			if (!is_system(in->manager))
				continue;
			check_held(d, run, in);
			check_twice(d, run, in);
		}
	}
}
