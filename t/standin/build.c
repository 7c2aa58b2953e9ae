/* SPDX-License-Identifier: MIT */
/*
 * `docker buildx build` without building: instructions are hashed into a chain
 * of layers, a layer met before is CACHED, and the image's id follows from the
 * last layer, the labels and the platform. Of RUN only these are played:
 * `exit N` and `false` fail, `sleep N` takes that long, `echo X` prints.
 */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker.h"
#include "fault.h"
#include "state.h"

struct build {
	struct strv options, rest;
	struct strv steps;	/* instructions of all stages */
	struct strv stages;	/* their names */
	int stage, n_stages;	/* counts from 1 */
	int at, total;		/* of the stage's steps, as docker counts */
	bool from_image;
	char stage_name[64];
	struct image image;
	struct fault fault;
	char layer[65];
	bool raw;
	bool one_line;		/* as buildx 0.15 and later */
	int number;
};

static struct buf tree;		/* nftw() hands nothing on */

static int
add_file(const char *path, const struct stat *st, int type,
	 struct FTW *at)
{
	struct buf *b = &tree;
	FILE *f;
	int c;

	(void)at;
	if (type != FTW_F) {
		buf_addf(b, "d %s\n", path);
		return 0;
	}
	buf_addf(b, "f %o %s\n", st->st_mode & 07777u, path);
	f = fopen(path, "re");
	while (f && (c = getc(f)) != EOF)
		buf_addc(b, (char)c);
	if (f)
		fclose(f);
	return 0;
}

/* Relative names, so that a moved context gives the same. */
static void
context_hash(const char *context, char out[65])
{
	char here[4096];

	tree = (struct buf)BUF_INIT;
	if (getcwd(here, sizeof(here)) && !chdir(context)) {
		nftw(".", add_file, 16, FTW_PHYS);
		if (chdir(here))
			perror(here);
	}
	state_hash(tree.data, tree.len, out);
	buf_release(&tree);
}

static void
say_object(struct build *b, const char *member, const char *fields)
{
	if (b->one_line)
		fprintf(stderr, "{\"%s\":[{%s}]}\n", member, fields);
	else
		fprintf(stderr, "{\n  \"%s\": [\n    {\n      %s\n    }\n  ]\n"
			"}\n", member, fields);
}

static void
add_moment(struct buf *out, const char *key)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_addf(out, ", \"%s\": \"%s.%09ldZ\"", key, text, now.tv_nsec);
}

/* One update of a vertex: "", "started", "done", "cached" or an error. */
static void
say_vertex(struct build *b, const char *name, const char *what)
{
	struct buf text = BUF_INIT;
	struct json j = JSON_INIT(&text);
	char hex[65];

	state_hash(name, strlen(name), hex);
	buf_addf(&text, "\"digest\": \"sha256:%s\", \"name\": ", hex);
	json_string(&j, name);
	if (*what)
		add_moment(&text, "started");
	if (*what && strcmp(what, "started"))
		add_moment(&text, "completed");
	if (!strcmp(what, "cached"))
		buf_adds(&text, ", \"cached\": true");
	else if (*what && strcmp(what, "started") && strcmp(what, "done")) {
		buf_adds(&text, ", \"error\": ");
		json_string(&(struct json)JSON_INIT(&text), what);
	}
	say_object(b, "vertexes", text.data);
	buf_release(&text);
}

static void
say(struct build *b, const char *name, const char *what)
{
	if (b->raw)
		say_vertex(b, name, what);
	else if (!strcmp(what, "started"))
		fprintf(stderr, "#%d %s\n", ++b->number, name);
	else if (!strcmp(what, "done"))
		fprintf(stderr, "#%d DONE 0.1s\n\n", b->number);
	else if (!strcmp(what, "cached"))
		fprintf(stderr, "#%d CACHED\n\n", b->number);
	else if (*what)
		fprintf(stderr, "#%d ERROR: %s\n", b->number, what);
}

static void
add_base64(struct buf *out, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		unsigned int v = (unsigned int)(unsigned char)text[i] << 16;

		if (i + 1 < len)
			v |= (unsigned int)(unsigned char)text[i + 1] << 8;
		if (i + 2 < len)
			v |= (unsigned char)text[i + 2];
		buf_addc(out, digits[v >> 18]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, i + 1 < len ? digits[v >> 6 & 63] : '=');
		buf_addc(out, i + 2 < len ? digits[v & 63] : '=');
	}
}

static void
say_log(struct build *b, const char *name, const char *line)
{
	struct buf text = BUF_INIT;
	char hex[65];

	state_hash(name, strlen(name), hex);
	if (b->raw) {
		buf_addf(&text, "\"vertex\": \"sha256:%s\", \"stream\": 1, "
			 "\"data\": \"", hex);
		add_base64(&text, line);
		buf_addc(&text, '"');
		add_moment(&text, "timestamp");
		say_object(b, "logs", text.data);
	} else {
		fprintf(stderr, "#%d 0.100 %s", b->number, line);
	}
	buf_release(&text);
}

static void
read_dockerfile(struct build *b, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct buf line = BUF_INIT;
	int c;

	if (!f) {
		fprintf(stderr, "ERROR: failed to solve: failed to read "
			"dockerfile: open %s: no such file or directory\n",
			path);
		exit(1);
	}
	while ((c = getc(f)) != EOF || line.len) {
		if (c != '\n' && c != EOF) {
			buf_addc(&line, (char)c);
			continue;
		}
		if (line.len && line.data[line.len - 1] == '\\' && c != EOF) {
			buf_truncate(&line, line.len - 1);
			continue;
		}
		if (line.data[0] != '#' && line.len)
			strv_push(&b->steps, line.data);
		buf_clear(&line);
	}
	fclose(f);
	buf_release(&line);
}

/* Leaves b->image with what is inherited. */
static bool
find_base(struct build *b, const char *ref)
{
	const char *at = strstr(ref, "@sha256:");

	image_release(&b->image);
	memset(&b->image, 0, sizeof(b->image));
	return !strcmp(ref, "scratch") || image_find(ref, &b->image) ||
		(at && blob_read(at + 8, &b->image)) ||
		remote_find(ref, &b->image);
}

static void
solve_failed(const char *why)
{
	fprintf(stderr, "ERROR: failed to solve: %s\n", why);
	exit(1);
}

/* "$NAME" as it was given; nothing else of a FROM is expanded. */
static const char *
from_ref(struct build *b, const char *word)
{
	size_t n = strlen(word) - 1;

	if (*word != '$')
		return word;
	for (size_t i = 0; i < b->options.n; i++) {
		const char *o = b->options.v[i];

		if (!strncmp(o, "--build-arg=", 12) &&
		    !strncmp(o + 12, word + 1, n) && o[12 + n] == '=')
			return o + 13 + n;
	}
	return word;
}

static void
step_from(struct build *b, const char *step)
{
	struct strv words = { 0 };
	const char *ref;
	char *name;

	step += 5 + strspn(step + 5, " ");
	if (!strncmp(step, "--platform=", 11))
		step += strcspn(step, " ");
	strv_push(&words, "FROM");
	strv_split(&words, step, " ");
	ref = words.n > 1 ? from_ref(b, words.v[1]) : "";
	if (!strv_has(&b->stages, ref)) {
		name = mem_printf("[internal] load metadata for %s", ref);
		say(b, name, "started");
		if (!find_base(b, ref)) {
			say(b, name, "pull access denied, repository does not "
			    "exist or may require authorization: server "
			    "message: insufficient_scope: authorization "
			    "failed");
			solve_failed("pull access denied, repository does not "
				     "exist or may require authorization: "
				     "server message: insufficient_scope: "
				     "authorization failed");
		}
		say(b, name, "done");
		free(name);
		memcpy(b->layer, b->image.hex, sizeof(b->layer));
		if (!b->layer[0])
			state_hash("scratch", 7, b->layer);
	}
	if (words.n > 3)
		strv_push(&b->stages, words.v[3]);
	strv_release(&words);
}

static void
play(struct build *b, const char *name, const char *step)
{
	const char *at;
	char line[256], why[512];
	int n;

	if ((at = strstr(step, "echo "))) {
		snprintf(line, sizeof(line), "%.*s\n",
			 (int)strcspn(at + 5, ";&|"), at + 5);
		say_log(b, name, line);
	}
	if ((at = strstr(step, "sleep ")))
		usleep((useconds_t)(atof(at + 6) * 1e6));
	at = strstr(step, "exit ");
	n = at ? atoi(at + 5) : strstr(step, "false") ? 1 : 0;
	if (!n)
		return;
	snprintf(why, sizeof(why), "process \"/bin/sh -c %.300s\" did not "
		 "complete successfully: exit code: %d", step + 4, n);
	say(b, name, why);
	solve_failed(why);
}

static void
chain(struct build *b, const char *step)
{
	struct buf text = BUF_INIT;
	char hex[65];

	buf_addf(&text, "%s\n%s\n", b->layer, step);
	if (!strncmp(step, "COPY ", 5) || !strncmp(step, "ADD ", 4)) {
		context_hash(b->rest.v[0], hex);
		buf_adds(&text, hex);
	}
	for (size_t i = 0; i < b->options.n; i++)
		if (!strncmp(b->options.v[i], "--build-arg=", 12))
			buf_addf(&text, "%s\n", b->options.v[i]);
	state_hash(text.data, text.len, b->layer);
	buf_release(&text);
}

/* The triggers of a base are steps of whoever builds from it, once. */
static void
run_triggers(struct build *b)
{
	struct strv triggers = b->image.onbuild;

	b->image.onbuild = (struct strv){ 0 };
	for (size_t i = 0; i < triggers.n; i++) {
		chain(b, triggers.v[i]);
		if (!strncmp(triggers.v[i], "ENV ", 4))
			strv_push(&b->image.env, triggers.v[i] + 4);
	}
	strv_release(&triggers);
}

static bool
is_step(const char *step)
{
	static const char *const words[] = {
		"RUN ", "COPY ", "ADD ", "WORKDIR ", NULL
	};

	for (int i = 0; words[i]; i++)
		if (!strncmp(step, words[i], strlen(words[i])))
			return true;
	return false;
}

/* Is this image replaced by a --build-context? By its name as written. */
static bool
has_context(const struct build *b, const char *ref)
{
	size_t n = strlen(ref);

	for (size_t i = 0; i < b->options.n; i++) {
		const char *o = b->options.v[i];

		if (!strncmp(o, "--build-context=", 16) &&
		    !strncmp(o + 16, ref, n) && o[16 + n] == '=')
			return true;
	}
	return false;
}

/*
 * A FROM of a stage or of scratch is no step of its own; one that a context
 * stands for is counted, but has no number.
 */
static void
enter_stage(struct build *b, size_t i)
{
	struct strv words = { 0 };

	strv_split(&words, b->steps.v[i], " ");
	b->stage++;
	b->at = 0;
	b->from_image = words.n > 1 && !strv_has(&b->stages, words.v[1]) &&
		strcmp(words.v[1], "scratch");
	b->total = b->from_image;
	if (b->from_image && has_context(b, from_ref(b, words.v[1])))
		b->from_image = false;
	if (words.n > 3)
		snprintf(b->stage_name, sizeof(b->stage_name), "%s ",
			 words.v[3]);
	else
		snprintf(b->stage_name, sizeof(b->stage_name), "stage-%d ",
			 b->stage - 1);
	for (i++; i < b->steps.n && strncmp(b->steps.v[i], "FROM ", 5); i++)
		b->total += is_step(b->steps.v[i]);
	strv_release(&words);
}

/* One more for a mount that names no source: that is what BuildKit counts. */
static bool
mounts_nothing(const char *step)
{
	return !strncmp(step, "RUN --mount=", 12) && !strstr(step, ",from=");
}

static void
count_stages(struct build *b)
{
	for (size_t i = 0; i < b->steps.n; i++)
		b->n_stages += !strncmp(b->steps.v[i], "FROM ", 5) ||
			mounts_nothing(b->steps.v[i]);
}

static void
take_step(struct build *b, size_t i)
{
	const char *step = b->steps.v[i];
	struct buf ignored = BUF_INIT;
	char *name;

	if (!strncmp(step, "FROM ", 5)) {
		enter_stage(b, i);
		step_from(b, step);
		run_triggers(b);
	} else {
		chain(b, step);
	}
	if (!strncmp(step, "ENV ", 4))
		strv_push(&b->image.env, step + 4);
	if (!strncmp(step, "ONBUILD ", 8))
		strv_push(&b->image.onbuild, step + 8);
	if (!is_step(step) && (strncmp(step, "FROM ", 5) || !b->from_image))
		return;
	name = mem_printf("[%s%d/%d] %s", b->n_stages > 1 ? b->stage_name : "",
			  ++b->at, b->total, step);
	say(b, name, "started");
	if (!has_option(&b->options, "--no-cache") && step[0] != 'F' &&
	    state_read("layers", b->layer, &ignored)) {
		say(b, name, "cached");
	} else {
		if (step[0] == 'R')
			play(b, name, step);
		say(b, name, "done");
		state_write("layers", b->layer, "");
	}
	free(name);
	buf_release(&ignored);
}

static void
add_label(struct strv *labels, const char *label)
{
	size_t n = strcspn(label, "=");
	struct strv kept = { 0 };

	for (size_t i = 0; i < labels->n; i++)
		if (strncmp(labels->v[i], label, n + 1))
			strv_push(&kept, labels->v[i]);
	strv_push(&kept, label);
	strv_release(labels);
	*labels = kept;
}

static void
name_image(struct build *b)
{
	struct buf text = BUF_INIT;
	const char *platform = option_value(&b->options, "--platform");

	for (size_t i = 0; i < b->options.n; i++)
		if (!strncmp(b->options.v[i], "--label=", 8))
			add_label(&b->image.labels, b->options.v[i] + 8);
	if (!strcmp(b->fault.mode, "other-label"))
		add_label(&b->image.labels, b->fault.argument);
	snprintf(b->image.platform, sizeof(b->image.platform), "%s",
		 platform ? platform : "linux/amd64");
	buf_addf(&text, "%s %s\n", b->layer, b->image.platform);
	for (size_t i = 0; i < b->image.labels.n; i++)
		buf_addf(&text, "%s\n", b->image.labels.v[i]);
	if (!strcmp(b->fault.mode, "other-id"))
		buf_addf(&text, "%ld", (long)getpid());
	state_hash(text.data, text.len, b->image.hex);
	b->image.size_bytes = 3200000 + (int64_t)b->steps.n * 1000000;
	b->image.created = time(NULL);
	buf_release(&text);
}

static void
write_metadata(struct build *b)
{
	const char *path = option_value(&b->options, "--metadata-file");
	FILE *f = path ? fopen(path, "we") : NULL;

	if (f) {
		fprintf(f, "{\n  \"containerimage.digest\": \"sha256:%s\"\n}\n",
			b->image.hex);
		fclose(f);
	}
}

static void
keep_image(struct build *b)
{
	bool push = has_option(&b->options, "--push");

	say(b, "exporting to image", "started");
	if (strcmp(b->fault.mode, "no-image")) {
		state_lock();
		image_write(&b->image);
		if (push)
			blob_write(&b->image);
		for (size_t i = 0; i < b->options.n; i++) {
			const char *o = b->options.v[i];
			char *ref = strncmp(o, "--tag=", 6) ? NULL :
				full_ref(o + 6);

			if (ref)
				state_write("tags", ref, b->image.hex);
			if (ref && push)
				remote_write(ref, b->image.hex);
			free(ref);
		}
		state_unlock();
	}
	say(b, "exporting to image", "done");
	write_metadata(b);
}

/* What a fault does before or instead of the build. */
static int
refuse(struct build *b, char **argv)
{
	const struct fault *f = &b->fault;
	int minor = 99;

	if (!strcmp(f->mode, "none"))
		return no_buildx(argv);
	if (!strcmp(f->mode, "old"))
		sscanf(f->argument, "0.%d", &minor);
	b->one_line = minor >= 15 && minor < 99;
	if (minor < 12 && b->raw) {
		fputs("ERROR: invalid progress mode rawjson\n", stderr);
		return 1;
	}
	if (minor < 10 && has_option(&b->options, "--provenance=false")) {
		fputs("unknown flag: --provenance\nSee 'docker buildx build "
		      "--help'.\n", stderr);
		return 125;
	}
	return 0;
}

static void
half_or_huge(struct build *b)
{
	if (!strcmp(b->fault.mode, "half")) {
		fputs("{\n  \"vertexes\": [\n    {\n      \"dige", stderr);
		exit(1);
	}
	for (int i = 0; !strcmp(b->fault.mode, "huge") && i < 100 << 10; i++) {
		char line[1024];

		snprintf(line, sizeof(line), "%0700d\n", i);
		say_log(b, "[1/1] RUN much", line);
	}
}

int
verb_build(char **argv)
{
	static const char *const valued[] = { "-t", "-f", NULL };
	struct build b = { .number = 0 };
	struct words w = { &b.options, &b.rest, valued, false };
	const char *path, *progress, *platform;
	char *own = NULL;
	int status;

	fault_find(&b.fault, "build");
	words_split(&w, argv);
	progress = option_value(&b.options, "--progress");
	platform = option_value(&b.options, "--platform");
	b.raw = progress && !strcmp(progress, "rawjson");
	status = refuse(&b, argv);
	if (status)
		return status;
	if (is_classic() && platform && strchr(platform, ',')) {
		fputs("ERROR: Multi-platform build is not supported for the "
		      "docker driver.\nSwitch to a different driver, or turn on "
		      "the containerd image store, and try again.\n", stderr);
		return 1;
	}
	if (!b.rest.n) {
		fputs("ERROR: \"docker buildx build\" requires exactly 1 "
		      "argument.\n", stderr);
		return 1;
	}
	say(&b, "[internal] load build definition from Dockerfile", "started");
	say(&b, "[internal] load build definition from Dockerfile", "done");
	fault_happen(&b.fault);
	half_or_huge(&b);
	path = option_value(&b.options, "--file");
	if (!strcmp(b.rest.v[0], "-"))
		path = "-";
	else if (!path)
		path = own = mem_printf("%s/Dockerfile", b.rest.v[0]);
	read_dockerfile(&b, path);
	count_stages(&b);
	for (size_t i = 0; i < b.steps.n; i++)
		take_step(&b, i);
	name_image(&b);
	if (!export_files(&b.options, b.layer))
		keep_image(&b);
	export_caches(&b.options, b.layer, &b.fault);
	free(own);
	image_release(&b.image);
	strv_release(&b.options);
	strv_release(&b.rest);
	strv_release(&b.steps);
	strv_release(&b.stages);
	return 0;
}
