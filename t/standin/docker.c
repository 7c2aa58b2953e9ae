/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for the docker client with buildx: the command lines that
 * imgcache uses, with docker's own words and exit statuses, and every failure
 * on demand (fault.h). State is in $STANDIN_DIR (state.h). Each call leaves a
 * line in $STANDIN_DIR/calls: the number of open descriptors, then the words,
 * quoted for a shell.
 */

#include "docker.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "fault.h"
#include "state.h"

static bool
takes_value(const struct words *w, const char *word)
{
	for (const char *const *v = w->valued; v && *v; v++)
		if (!strcmp(*v, word))
			return true;
	return false;
}

void
words_split(struct words *w, char **argv)
{
	bool options = true;

	for (; *argv; argv++) {
		const char *word = *argv;

		if (options && !strcmp(word, "--")) {
			options = false;
		} else if (!options || word[0] != '-' || !word[1]) {
			strv_push(w->rest, word);
			options = options && !w->stop;
		} else if (takes_value(w, word) && argv[1]) {
			strv_pushf(w->options, "%s=%s", word, *++argv);
		} else {
			strv_push(w->options, word);
		}
	}
}

const char *
option_value(const struct strv *options, const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; i < options->n; i++)
		if (!strncmp(options->v[i], name, n) &&
		    options->v[i][n] == '=')
			value = options->v[i] + n + 1;
	return value;
}

bool
has_option(const struct strv *options, const char *name)
{
	return strv_has(options, name);
}

void
print_answer(const struct fault *f, const char *text)
{
	size_t len = strlen(text);

	if (!strcmp(f->mode, "half"))
		len /= 2;
	fwrite(text, 1, len, stdout);
	if (!strcmp(f->mode, "huge"))
		for (int i = 0; i < 100 << 10; i++)
			printf("%1023d\n", i);
	fflush(stdout);
}

static int
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = -3;		/* . and .. and the one that reads */

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void
record(char **argv)
{
	char *path = state_path(".", "calls");
	struct buf line = BUF_INIT;
	int fds = count_descriptors();
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	buf_addf(&line, "fds=%d docker", fds);
	for (argv++; *argv; argv++) {
		buf_addc(&line, ' ');
		buf_add_shquoted(&line, *argv);
	}
	buf_addc(&line, '\n');
	if (write(fd, line.data, line.len) < 0)
		perror(path);
	close(fd);
	buf_release(&line);
	free(path);
}

static int
no_image(const char *ref)
{
	char *full = full_ref(ref);

	fprintf(stderr, "Error response from daemon: No such image: %s\n",
		full);
	free(full);
	return 1;
}

static int
image_inspect(const struct strv *refs)
{
	struct buf text = BUF_INIT;
	struct json j = JSON_INIT(&text);
	struct image image;
	struct fault f;
	int status = 0;

	fault_find(&f, "inspect");
	fault_happen(&f);
	json_array(&j);
	for (size_t i = 0; i < refs->n; i++) {
		if (image_find(refs->v[i], &image))
			json_image(&j, &image);
		else
			status = no_image(refs->v[i]);
		image_release(&image);
	}
	json_end_array(&j);
	buf_addc(&text, '\n');
	print_answer(&f, text.data);
	buf_release(&text);
	return status;
}

static bool
has_label(const struct image *image, const char *filter)
{
	size_t n = strlen(filter);

	for (size_t i = 0; i < image->labels.n; i++)
		if (!strncmp(image->labels.v[i], filter, n) &&
		    (image->labels.v[i][n] == '=' || !image->labels.v[i][n]))
			return true;
	return false;
}

/* Only `--quiet --no-trunc --filter=label=L` */
static int
image_ls(const struct strv *options)
{
	const char *filter = option_value(options, "--filter");
	struct strv names = { 0 };
	struct image image;
	struct fault f;

	fault_find(&f, "images");
	fault_happen(&f);
	state_names("images", &names);
	for (size_t i = 0; i < names.n; i++) {
		char *id = mem_printf("sha256:%s", names.v[i]);

		if (image_find(id, &image) &&
		    (!filter || strncmp(filter, "label=", 6) ||
		     has_label(&image, filter + 6)))
			puts(id);
		image_release(&image);
		free(id);
	}
	strv_release(&names);
	return 0;
}

static int
image_rm(const struct strv *refs)
{
	struct fault f;
	int status = 0;

	fault_find(&f, "remove");
	fault_happen(&f);
	state_lock();
	for (size_t i = 0; i < refs->n; i++) {
		struct buf out = BUF_INIT;
		bool missing, done = image_remove(refs->v[i], &out, &missing);

		if (done)
			fputs(out.data, stdout);
		else
			fprintf(stderr, "Error response from daemon: %s\n",
				out.data);
		status |= !done;
		buf_release(&out);
	}
	state_unlock();
	return status;
}

static int
image_tag(const struct strv *refs)
{
	struct image image;
	struct fault f;
	char *full;
	int status = 0;

	fault_find(&f, "tag");
	fault_happen(&f);
	if (refs->n != 2)
		return 125;
	full = full_ref(refs->v[1]);
	if (image_find(refs->v[0], &image))
		state_write("tags", full, image.hex);
	else
		status = no_image(refs->v[0]);
	image_release(&image);
	free(full);
	return status;
}

/* docker import - REF: the id depends on the bytes read. */
static int
image_import(const struct strv *options, const struct strv *words)
{
	struct buf text = BUF_INIT;
	struct image image = { .size_bytes = 3200000,
			       .created = time(NULL) };
	char *full;
	int c;

	if (words->n < 2)
		return 1;
	while ((c = getchar()) != EOF)
		buf_addc(&text, (char)c);
	buf_adds(&text, words->v[1]);
	state_hash(text.data, text.len, image.hex);
	snprintf(image.platform, sizeof(image.platform), "%s",
		 option_value(options, "--platform") ?
		 option_value(options, "--platform") : "linux/amd64");
	for (size_t i = 0; i < options->n; i++)
		if (!strncmp(options->v[i], "--change=LABEL ", 15))
			strv_push(&image.labels, options->v[i] + 15);
		else if (!strncmp(options->v[i], "--change=ONBUILD ", 17))
			strv_push(&image.onbuild, options->v[i] + 17);
	full = full_ref(words->v[1]);
	image_write(&image);
	state_write("tags", full, image.hex);
	printf("sha256:%s\n", image.hex);
	image_release(&image);
	buf_release(&text);
	free(full);
	return 0;
}

static int
container_ls(const struct strv *options)
{
	const char *filter = option_value(options, "--filter");
	struct strv names = { 0 };
	struct image image = { 0 };
	struct fault f;

	fault_find(&f, "containers");
	fault_happen(&f);
	if (filter && !strncmp(filter, "ancestor=", 9))
		image_find(filter + 9, &image);
	state_names("containers", &names);
	for (size_t i = 0; i < names.n; i++) {
		char *hex = container_field(names.v[i], "image");

		if (!filter || !strcmp(hex, image.hex))
			puts(names.v[i]);
		free(hex);
	}
	strv_release(&names);
	image_release(&image);
	return 0;
}

static int
container_inspect(const struct strv *ids)
{
	struct buf text = BUF_INIT;
	struct json j = JSON_INIT(&text);
	struct fault f = { .mode = "" };
	int status = 0;

	json_array(&j);
	for (size_t i = 0; i < ids->n; i++) {
		char *state = container_field(ids->v[i], "state");

		if (*state) {
			json_container(&j, ids->v[i]);
		} else {
			fprintf(stderr, "Error response from daemon: No such "
				"container: %s\n", ids->v[i]);
			status = 1;
		}
		free(state);
	}
	json_end_array(&j);
	print_answer(&f, text.data);
	buf_release(&text);
	return status;
}

static int
stop(const struct strv *ids)
{
	struct fault f;

	fault_find(&f, "stop");
	fault_happen(&f);
	for (size_t i = 0; i < ids->n; i++)
		if (!container_stop(ids->v[i])) {
			fprintf(stderr, "Error response from daemon: No such "
				"container: %s\n", ids->v[i]);
			return 1;
		}
	return 0;
}

/* Only the format "{{.Type}}\t{{.TotalCount}}\t{{.Size}}". */
static int
system_df(void)
{
	struct strv names = { 0 };
	struct fault f;

	fault_find(&f, "df");
	fault_happen(&f);
	state_names("images", &names);
	printf("Images\t%zu\t%zuMB\t0B (0%%)\nContainers\t0\t0B\t0B\n"
	       "Build Cache\t1\t4.096kB\t4.096kB\n", names.n, names.n);
	strv_release(&names);
	return 0;
}

static int
tell(const char *question, void (*fn)(struct json *j))
{
	struct buf text = BUF_INIT;
	struct json j = JSON_INIT(&text);
	struct fault f;

	fault_find(&f, question);
	fault_happen(&f);
	fn(&j);
	buf_addc(&text, '\n');
	print_answer(&f, text.data);
	buf_release(&text);
	return 0;
}

/* `docker image X`, and its older name `docker Y`. */
static int
image_history(const struct strv *refs)
{
	struct image image;
	bool found = refs->n && image_find(refs->v[refs->n - 1], &image);

	if (found)
		printf("%lld\tRUN make\n0\tENV A=1\n%d\t\n",
		       (long long)image.size_bytes - BASE_BYTES, BASE_BYTES);
	else
		fprintf(stderr, "Error response from daemon: No such image\n");
	if (found)
		image_release(&image);
	return !found;
}

static int
image_verb(const char *verb, const struct strv *options,
	   const struct strv *rest)
{
	if (!strcmp(verb, "inspect"))
		return image_inspect(rest);
	if (!strcmp(verb, "history"))
		return image_history(rest);
	if (!strcmp(verb, "ls"))
		return image_ls(options);
	if (!strcmp(verb, "rm"))
		return image_rm(rest);
	if (!strcmp(verb, "tag"))
		return image_tag(rest);
	if (!strcmp(verb, "import"))
		return image_import(options, rest);
	return -1;
}

static int
container_verb(const char *verb, const struct strv *options,
	       const struct strv *rest)
{
	if (!strcmp(verb, "ls"))
		return container_ls(options);
	if (!strcmp(verb, "inspect"))
		return container_inspect(rest);
	if (!strcmp(verb, "stop"))
		return stop(rest);
	return -1;
}

static int
dispatch(const char *verb, const struct strv *options,
	 struct strv *rest)
{
	const char *sub = rest->n ? rest->v[0] : "";
	struct strv after = { 0 };
	int status = -1;

	for (size_t i = 1; i < rest->n; i++)
		strv_push(&after, rest->v[i]);
	if (!strcmp(verb, "image"))
		status = image_verb(sub, options, &after);
	else if (!strcmp(verb, "container"))
		status = container_verb(sub, options, &after);
	else if (!strcmp(verb, "rmi"))
		status = image_verb("rm", options, rest);
	else if (!strcmp(verb, "tag") || !strcmp(verb, "import"))
		status = image_verb(verb, options, rest);
	else if (!strcmp(verb, "pull") || !strcmp(verb, "push"))
		status = transfer(verb, options, rest);
	else if (!strcmp(verb, "info"))
		status = tell("info", json_info);
	else if (!strcmp(verb, "version"))
		status = tell("info", json_version);
	else if (!strcmp(verb, "stop"))
		status = stop(rest);
	else if (!strcmp(verb, "system") && !strcmp(sub, "df"))
		status = system_df();
	strv_release(&after);
	return status;
}

static int
other_verb(char **argv)
{
	static const char *const valued[] = { "-t", "--format", "--filter",
					      "-c", "--change", NULL };
	struct strv options = { 0 }, words = { 0 };
	struct words w = { &options, &words, valued, false };
	int status;

	words_split(&w, argv + 2);
	status = dispatch(argv[1], &options, &words);
	strv_release(&options);
	strv_release(&words);
	return status;
}

int
main(int argc, char **argv)
{
	int status;

	if (argc < 2)
		return 1;
	record(argv);
	if (!strcmp(argv[1], "run"))
		status = verb_run(argv + 2);
	else if (!strcmp(argv[1], "buildx"))
		status = verb_buildx(argv);
	else
		status = other_verb(argv);
	if (status < 0) {
		fprintf(stderr, "docker: '%s' is not a docker command.\n"
			"See 'docker --help'\n", argv[1]);
		return 1;
	}
	return status;
}
