/* SPDX-License-Identifier: MIT */
/* Small text files in folders; every one is read and written whole. */

#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int lock_fd = -1;

static const char *
root(void)
{
	const char *dir = getenv("STANDIN_DIR");

	if (!dir || !*dir) {
		fputs("standin: STANDIN_DIR is not set\n", stderr);
		exit(99);
	}
	return dir;
}

void
state_lock(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *path = mem_printf("%s/lock", root());

	lock_fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (lock_fd < 0 || fcntl(lock_fd, F_OFD_SETLKW, &whole)) {
		perror(path);
		exit(99);
	}
	free(path);
}

void
state_unlock(void)
{
	close(lock_fd);
	lock_fd = -1;
}

/* The registry may be elsewhere. */
static const char *
root_of(const char *folder)
{
	const char *dir = getenv("STANDIN_REGISTRY");

	if (dir && *dir && (!strcmp(folder, "registry") ||
			    !strcmp(folder, "blobs")))
		return dir;
	return root();
}

char *
state_path(const char *folder, const char *name)
{
	char *path = mem_printf("%s/%s", root_of(folder), folder);
	char *full, *p;

	mkdir(path, 0700);
	full = mem_printf("%s/%s", path, name);
	for (p = full + strlen(path) + 1; *p; p++)
		if (*p == '/')
			*p = '%';
	free(path);
	return full;
}

void
state_write(const char *folder, const char *name, const char *text)
{
	char *path = state_path(folder, name);
	char *temp = mem_printf("%s/.new-XXXXXX", root_of(folder));
	int fd = mkostemp(temp, O_CLOEXEC);	/* pids are not one of a kind */
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (!f || fchmod(fd, 0644) || fputs(text, f) < 0 || fclose(f) ||
	    rename(temp, path)) {
		perror(path);
		exit(99);
	}
	free(temp);
	free(path);
}

bool
state_read(const char *folder, const char *name, struct buf *out)
{
	char *path = state_path(folder, name);
	FILE *f = fopen(path, "re");
	char part[4096];
	size_t n;

	free(path);
	if (!f)
		return false;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	fclose(f);
	return true;
}

void
state_names(const char *folder, struct strv *out)
{
	char *path = state_path(folder, "");
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			strv_push(out, e->d_name);
	if (dir)
		closedir(dir);
	for (size_t i = 0; i < out->n; i++)
		for (char *p = out->v[i]; *p; p++)
			if (*p == '%')
				*p = '/';
	strv_sort(out);
	free(path);
}

void
state_remove(const char *folder, const char *name)
{
	char *path = state_path(folder, name);

	unlink(path);
	free(path);
}

/* Four FNV-1a sums of 64 bits; nothing here needs more. */
void
state_hash(const void *data, size_t len, char out[65])
{
	const unsigned char *p = data;

	for (unsigned int k = 0; k < 4; k++) {
		uint64_t h = 0xcbf29ce484222325 + k * 0x9e3779b97f4a7c15;

		for (size_t i = 0; i < len; i++)
			h = (h ^ p[i]) * 0x100000001b3;
		h ^= h >> 31;
		snprintf(out + k * 16, 17, "%016" PRIx64, h);
	}
}

void
image_release(struct image *image)
{
	strv_release(&image->labels);
	strv_release(&image->env);
	strv_release(&image->onbuild);
}

static void
add_lines(struct buf *b, const char *word, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		buf_addf(b, "%s %s\n", word, list->v[i]);
}

static void
write_content(const char *folder, const struct image *image)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "size %" PRId64 "\ncreated %" PRId64 "\nplatform %s\n",
		 image->size_bytes, image->created, image->platform);
	add_lines(&b, "label", &image->labels);
	add_lines(&b, "env", &image->env);
	add_lines(&b, "onbuild", &image->onbuild);
	state_write(folder, image->hex, b.data);
	buf_release(&b);
}

void
image_write(const struct image *image)
{
	write_content("images", image);
}

void
blob_write(const struct image *image)
{
	write_content("blobs", image);
}

static void
use_line(struct image *image, char *line)
{
	char *value = strchr(line, ' ');

	if (!value)
		return;
	*value++ = '\0';
	if (!strcmp(line, "size"))
		image->size_bytes = atoll(value);
	else if (!strcmp(line, "created"))
		image->created = atoll(value);
	else if (!strcmp(line, "platform"))
		snprintf(image->platform, sizeof(image->platform), "%s", value);
	else if (!strcmp(line, "label"))
		strv_push(&image->labels, value);
	else if (!strcmp(line, "env"))
		strv_push(&image->env, value);
	else if (!strcmp(line, "onbuild"))
		strv_push(&image->onbuild, value);
}

static bool
read_content(const char *folder, const char *hex, struct image *out)
{
	struct buf text = BUF_INIT;
	char *line, *rest;
	bool found;

	memset(out, 0, sizeof(*out));
	found = strlen(hex) == 64 && state_read(folder, hex, &text);
	snprintf(out->hex, sizeof(out->hex), "%s", found ? hex : "");
	for (rest = text.data; found && (line = strsep(&rest, "\n"));)
		use_line(out, line);
	buf_release(&text);
	return found;
}

bool
image_read(const char *hex, struct image *out)
{
	return read_content("images", hex, out);
}

bool
blob_read(const char *hex, struct image *out)
{
	return read_content("blobs", hex, out);
}

bool
is_classic(void)
{
	struct buf ignored = BUF_INIT;
	bool yes = state_read(".", "classic", &ignored);

	buf_release(&ignored);
	return yes;
}

char *
full_ref(const char *ref)
{
	const char *slash = strrchr(ref, '/');

	if (!strncmp(ref, "docker.io/library/", 18))
		ref += 18;
	if (strchr(slash ? slash : ref, ':') || strchr(ref, '@'))
		return mem_strdup(ref);
	return mem_printf("%s:latest", ref);
}

static bool
by_tag(const char *ref, struct image *out)
{
	struct buf hex = BUF_INIT;
	char *full = full_ref(ref);
	bool found = state_read("tags", full, &hex) &&
		image_read(hex.data, out);

	free(full);
	buf_release(&hex);
	return found;
}

static bool
by_id(const char *id, struct image *out)
{
	struct strv names = { 0 };
	const char *at = strchr(id, '@');
	bool found = false;

	if (at)
		id = at + 1;
	if (!strncmp(id, "sha256:", 7))
		id += 7;
	if (strlen(id) >= 12)
		state_names("images", &names);
	for (size_t i = 0; i < names.n && !found; i++)
		found = !strncmp(names.v[i], id, strlen(id)) &&
			image_read(names.v[i], out);
	strv_release(&names);
	return found;
}

/* "name:tag@digest" is the same as "name@digest". */
static char *
remote_ref(const char *ref)
{
	const char *at = strchr(ref, '@');
	const char *slash = strrchr(ref, '/');
	const char *name = slash ? slash : ref;

	if (!at)
		return full_ref(ref);
	if (!strncmp(ref, "docker.io/library/", 18))
		ref += 18;
	return mem_printf("%.*s%s", (int)(name - ref + strcspn(name, ":@")),
			  ref, at);
}

void
config_hex(const char *hex, char out[65])
{
	char *text = mem_printf("configuration of %s", hex);

	state_hash(text, strlen(text), out);
	free(text);
}

static void
write_digest(const char *ref, const char *digest, const char *hex)
{
	char *suffixed = mem_printf("%s@sha256:%s", ref, digest);
	char *full = remote_ref(suffixed);

	state_write("registry", full, hex);
	free(full);
	free(suffixed);
}

void
remote_write(const char *ref, const char *hex)
{
	char config[65];

	config_hex(hex, config);
	state_write("registry", ref, hex);
	write_digest(ref, hex, hex);
	write_digest(ref, config, hex);
}

bool
remote_find(const char *ref, struct image *out)
{
	struct buf hex = BUF_INIT;
	char *full = remote_ref(ref);
	bool found;

	memset(out, 0, sizeof(*out));
	found = state_read("registry", full, &hex) &&
		blob_read(hex.data, out);
	free(full);
	buf_release(&hex);
	return found;
}

bool
image_find(const char *ref, struct image *out)
{
	memset(out, 0, sizeof(*out));
	return by_tag(ref, out) || by_id(ref, out);
}

char *
container_field(const char *hex, const char *field)
{
	struct buf text = BUF_INIT;
	char *line, *rest, *value = NULL;
	size_t n = strlen(field);

	state_read("containers", hex, &text);
	for (rest = text.data; (line = strsep(&rest, "\n"));)
		if (!strncmp(line, field, n) && line[n] == ' ' && !value)
			value = mem_strdup(line + n + 1);
	buf_release(&text);
	return value ? value : mem_strdup("");
}

void
container_labels(const char *hex, struct strv *out)
{
	char *id = container_field(hex, "image");
	struct image image = { 0 };
	struct buf text = BUF_INIT;
	char *line, *rest;

	if (image_read(id, &image))
		strv_push_all(out, &image.labels);
	state_read("containers", hex, &text);
	for (rest = text.data; (line = strsep(&rest, "\n"));)
		if (!strncmp(line, "label ", 6))
			strv_push(out, line + 6);
	buf_release(&text);
	image_release(&image);
	free(id);
}

void
image_users(const char *hex, bool running_only, struct strv *out)
{
	struct strv all = { 0 };

	state_names("containers", &all);
	for (size_t i = 0; i < all.n; i++) {
		char *image = container_field(all.v[i], "image");
		char *state = container_field(all.v[i], "state");

		if (!strcmp(image, hex) &&
		    (!running_only || !strcmp(state, "running")))
			strv_push(out, all.v[i]);
		free(image);
		free(state);
	}
	strv_release(&all);
}

void
image_tags(const char *hex, struct strv *out)
{
	struct strv tags = { 0 };
	struct buf text = BUF_INIT;

	state_names("tags", &tags);
	for (size_t i = 0; i < tags.n; i++) {
		buf_clear(&text);
		state_read("tags", tags.v[i], &text);
		if (!strcmp(text.data, hex))
			strv_push(out, tags.v[i]);
	}
	buf_release(&text);
	strv_release(&tags);
}

static void
refuse_removal(const struct image *image, const char *ref,
	       const char *user, struct buf *out)
{
	char *state = container_field(user, "state");
	bool runs = !strcmp(state, "running");

	if (ref)
		buf_addf(out, "conflict: unable to delete %s (must be forced) "
			 "- container %.12s is using its referenced image "
			 "%.12s", ref, user, image->hex);
	else
		buf_addf(out, "conflict: unable to delete %.12s (%s be forced) "
			 "- image is being used by %s container %.12s",
			 image->hex, runs ? "cannot" : "must",
			 runs ? "running" : "stopped", user);
	free(state);
}

static void
untag(const struct strv *tags, const char *only, struct buf *out)
{
	for (size_t i = 0; i < tags->n; i++) {
		if (only && strcmp(tags->v[i], only))
			continue;
		state_remove("tags", tags->v[i]);
		buf_addf(out, "Untagged: %s\n", tags->v[i]);
	}
}

static bool
remove_found(const struct image *image, const char *full,
	     struct buf *out)
{
	struct strv tags = { 0 }, users = { 0 };
	bool is_tag, is_last, done;

	image_tags(image->hex, &tags);
	image_users(image->hex, false, &users);
	is_tag = strv_has(&tags, full);
	is_last = is_tag ? tags.n == 1 : !strchr(full, '@') || !tags.n;
	done = !is_last || !users.n;
	if (!done)
		refuse_removal(image, is_tag ? full : NULL, users.v[0], out);
	else
		untag(&tags, is_tag || !is_last ? full : NULL, out);
	if (done && is_last) {
		state_remove("images", image->hex);
		buf_addf(out, "Deleted: sha256:%s\n", image->hex);
	}
	strv_release(&tags);
	strv_release(&users);
	return done;
}

bool
image_remove(const char *ref, struct buf *out, bool *missing)
{
	char *full = full_ref(ref);
	struct image image;
	bool done = false;

	*missing = !image_find(ref, &image);
	if (*missing)
		buf_addf(out, "No such image: %s", full);
	else
		done = remove_found(&image, full, out);
	image_release(&image);
	free(full);
	return done;
}

bool
container_stop(const char *id)
{
	struct strv all = { 0 };
	bool found = false;

	state_names("containers", &all);
	for (size_t i = 0; i < all.n; i++) {
		char *name = container_field(all.v[i], "name");
		char *pid = container_field(all.v[i], "pid");

		if (!strncmp(all.v[i], id, strlen(id)) || !strcmp(name, id)) {
			found = true;
			if (atol(pid) > 1)
				kill((pid_t)atol(pid), SIGTERM);
		}
		free(name);
		free(pid);
	}
	strv_release(&all);
	return found;
}
