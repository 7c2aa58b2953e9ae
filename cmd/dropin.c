/* SPDX-License-Identifier: MIT */
#include "dropin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "outfile.h"

#define LEGACY "BuildKit has no such thing and docker buildx ignores it; leave " \
	"it out"

/* docker buildx build --help, 0.13 to 0.36, with what it hides. */
const struct refused buildx_refused[] = {
	{ 0, "annotation", "an annotation is in no key, so two images of one key "
		"would differ in it; use --label, or docker buildx imagetools "
		"create --annotation once the image is pushed" },
	{ 0, "call", "no image comes of it; ask docker buildx build itself" },
	{ 0, "check", "no image comes of it; imgcache lint asks for these checks "
		"too" },
	{ 'D', "debug", "it changes what docker prints, which is read here; "
		"imgcache log shows all of it" },
	{ 0, "detach", "imgcache has to see the end of a build" },
	{ 0, "invoke", "no image comes of it; use docker buildx itself" },
	{ 0, "policy", "it can replace what is built from after the key was made; "
		"imgcache.lock says what a base is" },
	{ 0, "print", "no image comes of it; ask docker buildx build itself" },
	{ 0, "root", "builds are done by docker's builders; use --builder" },
	{ 0, "server-config", "builds are done by docker's builders; use "
		"--builder" },
	{ 0, "compress", LEGACY },
	{ 'c', "cpu-shares", LEGACY },
	{ 0, "cpu-period", LEGACY },
	{ 0, "cpu-quota", LEGACY },
	{ 0, "cpuset-cpus", LEGACY },
	{ 0, "cpuset-mems", LEGACY },
	{ 0, "force-rm", LEGACY },
	{ 0, "isolation", LEGACY },
	{ 'm', "memory", LEGACY },
	{ 0, "memory-swap", LEGACY },
	{ 0, "rm", LEGACY },
	{ 0, "security-opt", LEGACY },
	{ 0, "squash", LEGACY },
	{ 0, NULL, NULL }
};

static bool
is_off(const char *value)
{
	return !value || !strcmp(value, "false") || !strcmp(value, "0") ||
		strstr(value, "disabled=true");
}

int
attestations_check(const struct attestations *a, struct imgcache_error *err)
{
	const char *which = NULL;
	size_t i;

	if (!is_off(a->provenance))
		which = "provenance";
	else if (!is_off(a->sbom))
		which = "sbom";
	for (i = 0; !which && i < a->attest.n; i++)
		if (!is_off(a->attest.v[i]))
			which = "attest";
	if (!which)
		return 0;
	return fail(err, IMGCACHE_EUSAGE, "--%s: attestations differ between "
		    "two builds of the same inputs, so no key could name the "
		    "image; only --%s=%s", which, which,
		    strcmp(which, "attest") ? "false" : "...,disabled=true");
}

static int
add_output(struct results *r, const struct imgcache_output *o,
	   struct imgcache_error *err)
{
	const char *const *name;

	for (name = o->names; name && *name; name++)
		words_add(&r->names, *name);
	r->pushes |= o->pushes;
	if (!o->is_stdout)
		return 0;
	if (r->fills_stdout)
		return fail(err, IMGCACHE_EUSAGE, "--output: only one can go "
			    "to standard output");
	r->fills_stdout = true;
	if (isatty(STDOUT_FILENO))
		return fail(err, IMGCACHE_EUSAGE, "--output: an archive is "
			    "not written to a terminal; give dest=FILE");
	return 0;
}

int
results_read(struct results *r, struct imgcache *ic,
	     const struct words *outputs, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	r->outputs = memory_checked(calloc(outputs->n + 1,
					   sizeof(*r->outputs)));
	for (i = 0; !ret && i < outputs->n; i++) {
		struct imgcache_output *o = &r->outputs[r->n_outputs++];

		ret = imgcache_output(ic, outputs->v[i], o, err);
		if (!ret)
			ret = add_output(r, o, err);
	}
	return ret;
}

void
results_release(struct results *r)
{
	words_release(&r->names);
	free(r->outputs);
	r->outputs = NULL;
}

int
results_begin(const struct results *r, struct imgcache_error *err)
{
	if (!r->iidfile || !unlink(r->iidfile) || errno == ENOENT)
		return 0;
	return fail(err, IMGCACHE_EFAIL, "cannot remove '%s': %s", r->iidfile,
		    strerror(errno));
}

static int
write_id(const char *path, const struct imgcache_answer *a,
	 struct imgcache_error *err)
{
	struct outfile o;
	int ret = outfile_begin(&o, path, false, err);

	if (ret)
		return ret;
	fputs(a->image_id, stdout);	/* docker ends it with no newline */
	return outfile_end(&o, err);
}

static void
put_member(const char *name, const char *value)
{
	if (!value)
		return;
	printf(",\n  ");
	imgcache_json_string(stdout, name);
	printf(": ");
	imgcache_json_string(stdout, value);
}

static void
put_names(const struct words *names)
{
	char *list = NULL, *more;
	size_t i;

	for (i = 0; i < names->n; i++) {
		if (asprintf(&more, "%s%s%s", list ? list : "",
			     list ? "," : "", names->v[i]) < 0)
			more = memory_checked(NULL);
		free(list);
		list = more;
	}
	put_member("image.name", list);
	free(list);
}

/* Docker's members where a hit has them as well, and what is ours. */
static int
write_metadata(const struct results *r, const struct imgcache_answer *a,
	       struct imgcache_error *err)
{
	struct outfile o;
	int ret = outfile_begin(&o, r->metadata_file, false, err);

	if (ret)
		return ret;
	printf("{\n  \"containerimage.digest\": ");
	imgcache_json_string(stdout, a->digest ? a->digest : a->image_id);
	put_names(&r->names);
	put_member("imgcache.imageId", a->image_id);
	put_member("imgcache.key", a->tag);
	put_member("imgcache.ref", a->ref);
	printf(",\n  \"imgcache.built\": %s\n}\n", a->built ? "true" :
	       "false");
	return outfile_end(&o, err);
}

static void
to_stdout(void *payload, const char *data, size_t len)
{
	(void)payload;
	fwrite(data, 1, len, stdout);	/* a failure is seen at the end */
}

static int
check(const struct results *r, const struct imgcache_answer *a,
      struct imgcache_error *err)
{
	if (!a->is_static || (!r->iidfile && !r->metadata_file &&
			      !r->n_outputs && !r->names.n))
		return 0;
	return fail(err, IMGCACHE_EFAIL, "'%s' is used as it is, see "
		    "USE_STATIC_BASE_IMAGE; it gets no name and no file",
		    a->ref);
}

int
results_write(const struct results *r, struct imgcache *ic,
	      struct imgcache_recipe *recipe, const struct imgcache_answer *a,
	      struct imgcache_error *err)
{
	struct imgcache_export e = {
		.names = r->names.v, .fn = to_stdout
	};
	size_t i;
	int ret = check(r, a, err);

	for (i = 0; !ret && i < r->n_outputs; i++) {
		e.output = &r->outputs[i];
		if (e.output->is_file)
			ret = imgcache_export(ic, recipe, a, &e, err);
	}
	if (!ret && r->metadata_file)
		ret = write_metadata(r, a, err);
	if (!ret && r->iidfile)
		ret = write_id(r->iidfile, a, err);
	return ret;
}
