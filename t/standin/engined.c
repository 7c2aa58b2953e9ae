/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for the docker daemon, for the questions that imgcache puts to
 * its socket: `engined DIR` listens at DIR/docker.sock, writes its pid to
 * DIR/engined.pid, and only then returns to the caller, serving in the
 * background until it is killed or DIR/engined.pid is removed. State and
 * faults are those of the stand-in client in the same DIR.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "fault.h"
#include "state.h"

struct question {
	char method[16];
	char path[2048];	/* decoded */
	char query[2048];	/* decoded */
};

static void
decode(char *s)
{
	char *out = s, hex[3] = "";

	for (; *s; s++) {
		if (*s == '%' && s[1] && s[2]) {
			memcpy(hex, s + 1, 2);
			*out++ = (char)strtol(hex, NULL, 16);
			s += 2;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static bool
read_question(FILE *f, struct question *q)
{
	char line[4096], target[2048];
	long length = 0;
	char *mark;

	if (!fgets(line, sizeof(line), f) ||
	    sscanf(line, "%15s %2047s", q->method, target) != 2)
		return false;
	while (fgets(line, sizeof(line), f) && strcmp(line, "\r\n"))
		if (!strncasecmp(line, "Content-Length:", 15))
			length = atol(line + 15);
	while (length-- > 0)
		getc(f);
	mark = strchr(target, '?');
	if (mark)
		*mark++ = '\0';
	snprintf(q->query, sizeof(q->query), "%s", mark ? mark : "");
	snprintf(q->path, sizeof(q->path), "%s", target);
	decode(q->path);
	decode(q->query);
	return true;
}

static void
send_head(FILE *f, int status, size_t len)
{
	fprintf(f, "HTTP/1.1 %d %s\r\nApi-Version: 1.45\r\n"
		"Content-Type: application/json\r\n"
		"Server: Docker/26.1.5 (linux)\r\nContent-Length: %zu\r\n\r\n",
		status, status < 400 ? "OK" : "Not OK", len);
}

static void
send_answer(FILE *f, const struct fault *fault, int status,
	    const struct buf *body)
{
	size_t len = body->len;

	if (!strcmp(fault->mode, "huge"))
		len = 100u << 20;
	send_head(f, status, status == 204 ? 0 : len);
	if (!strcmp(fault->mode, "half"))
		fwrite(body->data, 1, body->len / 2, f);
	else
		fwrite(body->data, 1, body->len, f);
	for (size_t i = body->len; i < len && !ferror(f); i++)
		putc(' ', f);
	fflush(f);
	if (!strcmp(fault->mode, "half"))
		_exit(0);
}

static void
send_message(FILE *f, int status, const char *message)
{
	struct fault none = { .mode = "" };
	struct buf body = BUF_INIT;
	struct json j = JSON_INIT(&body);

	json_object(&j);
	json_key(&j, "message");
	json_string(&j, message);
	json_end_object(&j);
	send_answer(f, &none, status, &body);
	buf_release(&body);
}

/* The word between the quotes of {"name":["word"]}, "" if there is none. */
static void
filter_word(const char *query, const char *name, char *out,
	    size_t size)
{
	char *start = mem_printf("{\"%s\":[\"", name);
	const char *at = strstr(query, start);

	out[0] = '\0';
	if (at) {
		at += strlen(start);
		snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
	}
	free(start);
}

static bool
has_label(const struct image *image, const char *label)
{
	size_t n = strlen(label);

	for (size_t i = 0; i < image->labels.n; i++)
		if (!strncmp(image->labels.v[i], label, n) &&
		    strchr("=", image->labels.v[i][n]))
			return true;
	return !n;
}

static int
list_images(const struct question *q, struct buf *body)
{
	struct json j = JSON_INIT(body);
	struct strv names = { 0 };
	struct image image;
	char label[256];

	filter_word(q->query, "label", label, sizeof(label));
	state_names("images", &names);
	json_array(&j);
	for (size_t i = 0; i < names.n; i++) {
		if (image_find(names.v[i], &image) && has_label(&image, label))
			json_image_row(&j, &image);
		image_release(&image);
	}
	json_end_array(&j);
	strv_release(&names);
	return 200;
}

static int
list_containers(const struct question *q, struct buf *body)
{
	struct json j = JSON_INIT(body);
	struct image image = { 0 };
	struct strv names = { 0 };
	char ancestor[256];

	filter_word(q->query, "ancestor", ancestor, sizeof(ancestor));
	if (*ancestor)
		image_find(ancestor, &image);
	state_names("containers", &names);
	json_array(&j);
	for (size_t i = 0; i < names.n; i++) {
		char *hex = container_field(names.v[i], "image");

		if (!*ancestor || !strcmp(hex, image.hex))
			json_container_row(&j, names.v[i]);
		free(hex);
	}
	json_end_array(&j);
	strv_release(&names);
	image_release(&image);
	return 200;
}

static int
no_such_image(const char *ref, struct buf *body)
{
	char *full = full_ref(ref);

	buf_addf(body, "No such image: %s", full);
	free(full);
	return 404;
}

static int
inspect_image(const char *ref, struct buf *body)
{
	struct json j = JSON_INIT(body);
	struct image image;
	int status = 200;

	if (image_find(ref, &image))
		json_image(&j, &image);
	else
		status = no_such_image(ref, body);
	image_release(&image);
	return status;
}

static int
history(const char *ref, struct buf *body)
{
	struct json j = JSON_INIT(body);
	struct image image;
	int status = 200;

	if (image_find(ref, &image))
		json_history(&j, &image);
	else
		status = no_such_image(ref, body);
	image_release(&image);
	return status;
}

static int
remove_image(const char *ref, struct buf *body)
{
	struct buf text = BUF_INIT;
	struct json j = JSON_INIT(body);
	struct strv lines = { 0 };
	bool missing, done;

	state_lock();
	done = image_remove(ref, &text, &missing);
	state_unlock();
	if (!done) {
		buf_adds(body, text.data);
		buf_release(&text);
		return missing ? 404 : 409;
	}
	strv_split(&lines, text.data, "\n");
	json_array(&j);
	for (size_t i = 0; i < lines.n; i++) {
		char *colon = strchr(lines.v[i], ':');

		*colon = '\0';
		json_object(&j);
		json_key(&j, lines.v[i]);
		json_string(&j, colon + 2);
		json_end_object(&j);
	}
	json_end_array(&j);
	strv_release(&lines);
	buf_release(&text);
	return 200;
}

static int
tag_image(const struct question *q, const char *ref,
	  struct buf *body)
{
	char repo[512] = "", tag[256] = "";
	struct image image;
	int status = 201;
	char *full;

	if (sscanf(q->query, "repo=%511[^&]&tag=%255s", repo, tag) != 2)
		return 400;
	full = mem_printf("%s:%s", repo, tag);
	if (image_find(ref, &image))
		state_write("tags", full, image.hex);
	else
		status = no_such_image(ref, body);
	image_release(&image);
	free(full);
	return status;
}

static int
stop(const char *id, struct buf *body)
{
	if (container_stop(id))
		return 204;
	buf_addf(body, "No such container: %s", id);
	return 404;
}

static int
disk(struct buf *body)
{
	struct strv names = { 0 };

	state_names("images", &names);
	buf_addf(body, "{\"LayersSize\":%zu,\"Images\":[", names.n * 1000000);
	for (size_t i = 0; i < names.n; i++) {
		struct strv users = { 0 };
		struct image image;

		if (image_read(names.v[i], &image)) {
			image_users(names.v[i], false, &users);
			buf_addf(body, "%s{\"Id\":\"sha256:%s\",\"Size\":%lld,"
				 "\"SharedSize\":%d,\"Containers\":%zu}",
				 i ? "," : "", names.v[i],
				 (long long)image.size_bytes, BASE_BYTES,
				 users.n);
		}
		strv_release(&users);
		image_release(&image);
	}
	buf_adds(body, "],\"BuildCache\":[{\"Size\":4096}]}");
	strv_release(&names);
	return 200;
}

/* "/images/<name>/json" without its ends; true if it is one. */
static bool
cut(const char *path, const char *before, const char *after,
	char *out, size_t size)
{
	size_t n = strlen(path), b = strlen(before), a = strlen(after);

	if (n <= a + b || strncmp(path, before, b) ||
	    strcmp(path + n - a, after))
		return false;
	snprintf(out, size, "%.*s", (int)(n - a - b), path + b);
	return true;
}

static const char *
kind_of(const struct question *q, char *name, size_t size)
{
	bool get = !strcmp(q->method, "GET"), post = !strcmp(q->method, "POST");

	if (get && !strcmp(q->path, "/images/json"))
		return "images";
	if (get && !strcmp(q->path, "/containers/json"))
		return "containers";
	if (get && cut(q->path, "/images/", "/json", name, size))
		return "inspect";
	if (get && cut(q->path, "/images/", "/history", name, size))
		return "history";
	if (!strcmp(q->method, "DELETE") &&
	    cut(q->path, "/images/", "", name, size))
		return "remove";
	if (post && cut(q->path, "/images/", "/tag", name, size))
		return "tag";
	if (post && cut(q->path, "/containers/", "/stop", name, size))
		return "stop";
	if (get && !strcmp(q->path, "/system/df"))
		return "df";
	if (get && (!strcmp(q->path, "/info") || !strcmp(q->path, "/version")))
		return "info";
	return "other";
}

static int
answer(const struct question *q, const char *kind, const char *name,
	struct buf *body)
{
	struct json j = JSON_INIT(body);

	if (!strcmp(kind, "images"))
		return list_images(q, body);
	if (!strcmp(kind, "containers"))
		return list_containers(q, body);
	if (!strcmp(kind, "inspect"))
		return inspect_image(name, body);
	if (!strcmp(kind, "history"))
		return history(name, body);
	if (!strcmp(kind, "remove"))
		return remove_image(name, body);
	if (!strcmp(kind, "tag"))
		return tag_image(q, name, body);
	if (!strcmp(kind, "stop"))
		return stop(name, body);
	if (!strcmp(kind, "df"))
		return disk(body);
	if (!strcmp(q->path, "/info"))
		json_info(&j);
	else if (!strcmp(q->path, "/version"))
		json_version(&j);
	else if (!strcmp(q->path, "/_ping"))
		buf_adds(body, "OK");
	else
		buf_adds(body, "page not found");
	return strcmp(body->data, "page not found") ? 200 : 404;
}

static void
serve_one(FILE *f, const struct question *q)
{
	char name[2048] = "";
	const char *kind = kind_of(q, name, sizeof(name));
	struct buf body = BUF_INIT;
	struct fault fault;
	int status;

	fault_find(&fault, kind);
	if (!strcmp(fault.mode, "kill"))
		_exit(0);
	if (!strcmp(fault.mode, "nonsense")) {
		fputs("<html>what?\n", f);
		fflush(f);
		_exit(0);
	}
	if (!strcmp(fault.mode, "exit")) {
		send_message(f, fault.status, fault.argument);
		return;
	}
	fault_happen(&fault);
	status = answer(q, kind, name, &body);
	if (status >= 400)
		send_message(f, status, body.data);
	else
		send_answer(f, &fault, status, &body);
	buf_release(&body);
}

static void
serve(int fd)
{
	FILE *f = fdopen(fd, "r+");
	struct question q;

	if (!f)
		return;
	while (read_question(f, &q)) {
		fseek(f, 0, SEEK_CUR);
		serve_one(f, &q);
		fflush(f);
	}
	fclose(f);
}

static int
listen_at(const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/docker.sock", dir);
	unlink(addr.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 64)) {
		perror(addr.sun_path);
		exit(1);
	}
	return fd;
}

static void
write_pid(const char *dir, pid_t pid)
{
	char *path = mem_printf("%s/engined.pid", dir);
	FILE *f = fopen(path, "we");

	if (!f || fprintf(f, "%ld\n", (long)pid) < 0 || fclose(f)) {
		perror(path);
		exit(1);
	}
	free(path);
}

int
main(int argc, char **argv)
{
	pid_t pid;
	int fd;

	if (argc != 2 || strlen(argv[1]) > 90) {
		fputs("usage: engined DIR (of at most 90 bytes)\n", stderr);
		return 2;
	}
	setenv("STANDIN_DIR", argv[1], 1);
	signal(SIGCHLD, SIG_IGN);
	fd = listen_at(argv[1]);
	pid = fork();
	if (pid) {
		write_pid(argv[1], pid);
		return pid < 0;
	}
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(open("/dev/null", O_RDWR | O_CLOEXEC), i);
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0 && !fork()) {
			close(fd);
			signal(SIGPIPE, SIG_DFL);
			serve(client);
			_exit(0);
		}
		if (client >= 0)
			close(client);
	}
}
