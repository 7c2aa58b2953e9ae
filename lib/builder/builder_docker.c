/* SPDX-License-Identifier: MIT */
/*
 * The docker side of a build: the request, and the log file that docker writes
 * and we follow. What is read of it: builder_progress.c.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "builder/pins.h"
#include "docker/buildx.h"
#include "docker/numbers.h"
#include "key/side.h"
#include "lookup/stepnames.h"
#include "lookup/world.h"
#include "recipe/generate.h"
#include "session/labels.h"
#include "sys/clock.h"
#include "sys/file.h"

#define MAX_EXPORT_LOG (1 << 20)

/* What a request is made of; it only borrows. */
struct parts {
	struct strv tags, args, labels, contexts, secrets, ssh;
};

/* A readable file named by one of the variables, or NULL. */
static const char *
file_from_environment(struct inputs *in, const char *const *names)
{
	for (; *names; names++) {
		const char *path = expand_get(&in->ic->env, *names);

		if (path && *path == '/' && !access(path, R_OK) &&
		    !file_is_dir(path))
			return path;
	}
	return NULL;
}

/* One field of docker's "id=x,src=y", a relative path meant from the root. */
static void
add_field(struct buf *out, const char *root, const char *field, size_t len)
{
	static const char *const names[] = { "src=", "source=", NULL };
	size_t i, n;

	if (out->len)
		buf_addc(out, ',');
	for (i = 0; names[i]; i++) {
		n = strlen(names[i]);
		if (len > n && !strncmp(field, names[i], n) &&
		    field[n] != '/') {
			buf_adds(out, names[i]);
			buf_addf(out, "%s/", root);
			field += n;
			len -= n;
		}
	}
	buf_add(out, field, len);
}

/* The user's own, as docker has them; paths do not depend on who calls. */
static void
add_secrets(struct inputs *in, struct parts *p)
{
	const struct recipe *q = in->r->recipe;
	size_t i;

	for (i = 0; i < q->secrets.n; i++) {
		const char *s = q->secrets.v[i];
		struct buf text = BUF_INIT;

		for (; *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ','))
			add_field(&text, q->root, s, strcspn(s, ","));
		strv_take(&p->secrets, buf_detach(&text));
	}
	for (i = 0; i < q->ssh.n; i++) {
		const char *path = strchr(q->ssh.v[i], '=');

		if (path && path[1] && path[1] != '/' && path[1] != '$')
			strv_pushf(&p->ssh, "%.*s=%s/%s",
				   (int)(path - q->ssh.v[i]), q->ssh.v[i],
				   q->root, path + 1);
		else
			strv_push(&p->ssh, q->ssh.v[i]);
	}
}

static int
add_secret(struct inputs *in, struct parts *p, const char *id,
	   const char *path, struct imgcache_error *err)
{
	char *full;

	if (!path || !*path)
		return 0;
	full = path_absolute(in->r->recipe->root, path);
	if (strpbrk(full, ",\""))
		error_set(err, IMGCACHE_EFAIL, "'%s' cannot be given to docker "
			  "as a secret: it has a comma or a quote; use another "
			  "name", full);
	else
		strv_pushf(&p->secrets, "id=%s,src=%s", id, full);
	free(full);
	return err->code;
}

/* What an install may need to reach its registry; no trace in the image. */
static int
add_install_secrets(struct inputs *in, struct parts *p,
		    struct imgcache_error *err)
{
	static const char *const ca[] = {
		"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
		"CURL_CA_BUNDLE", "PIP_CERT", NULL
	};
	static const char *const pip[] = { "PIP_CONFIG_FILE", NULL };
	static const char *const npm[] = {
		"NPM_CONFIG_USERCONFIG", "npm_config_userconfig", NULL
	};
	const char *given = in->r->recipe->ca_bundle;
	int ret;

	ret = add_secret(in, p, GENERATE_SECRET_CA, given && *given ? given :
			 file_from_environment(in, ca), err);
	if (!ret)
		ret = add_secret(in, p, GENERATE_SECRET_PIP,
				 file_from_environment(in, pip), err);
	if (!ret)
		ret = add_secret(in, p, GENERATE_SECRET_NPM,
				 file_from_environment(in, npm), err);
	return ret;
}

static void
add_labels(struct builder *b, struct parts *p)
{
	const struct inputs *in = b->in;
	const struct base *root = inputs_root(in);

	strv_push_all(&p->labels, &in->labels);
	strv_pushf(&p->labels, LABEL_KEY "=%s", in->tag);
	if (b->found->generation)
		strv_pushf(&p->labels, LABEL_GENERATION "=%lld",
			   (long long)b->found->generation);
	if (!root)
		return;
	strv_pushf(&p->labels, "org.opencontainers.image.base.name=%s",
		   root->ref);
	if (strchr(root->digest, ':'))
		strv_pushf(&p->labels, "org.opencontainers.image.base.digest=%s",
			   root->digest);
}

/* An address that a build step would take for its own. */
static bool
is_loopback(const char *url)
{
	const char *host = strstr(url, "://");
	const char *at;

	host = host ? host + 3 : url;
	at = strrchr(host, '@');
	host = at ? at + 1 : host;
	return str_starts(host, "localhost") || str_starts(host, "127.") ||
		str_starts(host, "[::1]");
}

/*
 * This machine's proxies, by name alone: docker takes the value from the
 * environment, so that a password in it stays off the command line.
 */
static void
add_proxies(struct inputs *in, struct parts *p)
{
	static const char *const names[] = {
		"http_proxy", "https_proxy", "ftp_proxy", "all_proxy",
		"no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
		"ALL_PROXY", "NO_PROXY",
	};
	bool is_host = in->r->recipe->network &&
		!strcmp(in->r->recipe->network, "host");
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = expand_get(&in->ic->env, names[i]);
		if (value && *value && (is_host || !is_loopback(value) ||
					!strcasecmp(names[i], "no_proxy")))
			strv_push(&p->args, names[i]);
	}
}

/* Args with a value; those that are unset stay docker's business. */
static void
add_args(const struct inputs *in, struct parts *p)
{
	size_t i;

	for (i = 0; i < in->args.n; i++)
		if (strchr(in->args.v[i], '='))
			strv_push(&p->args, in->args.v[i]);
}

/* Of them docker counts the steps in a way of its own: docker/numbers.h. */
static void
note_contexts(struct builder *b, const struct strv *contexts)
{
	struct dockerfile_steps *steps = NULL;
	struct imgcache_error ignored = {0};
	struct side side;

	if (!contexts->n)
		return;
	if (!side_now(&side, b->in, &ignored) &&
	    !world_steps(&(struct world){ .b = &side, .handed = contexts },
			 &steps, &ignored))
		stepnames_on_contexts(steps, &b->on_contexts);
	dockerfile_steps_free(steps);
	side_release(&side);
}

static int
make_parts(struct builder *b, struct parts *p, struct imgcache_error *err)
{
	struct inputs *in = b->in;
	char *scope;
	size_t i;
	int ret;

	scope = mem_printf("%s %s", b->found->engine ? b->found->engine : "",
			   b->options->builder ? b->options->builder : "");
	ret = handover_make(in, scope, &b->files, err);
	free(scope);
	if (ret)
		return ret;
	strv_push(&p->tags, b->temporary);
	add_labels(b, p);
	add_args(in, p);
	if (in->r->recipe->kind == RECIPE_GENERATED &&
	    generate_floats(in->r->recipe))
		add_proxies(in, p);
	ret = pins_check(in, b->platforms, b->options->builder, err);
	if (!ret)
		ret = pins_for_engine(in, &p->contexts, err);
	if (!ret)
		ret = pins_for_parts(in, b->platforms, &p->contexts, err);
	for (i = 1; i < b->files.n; i++)
		strv_pushf(&p->contexts, "%s=%s", in->contexts[i].name,
			   b->files.v[i].link);
	note_contexts(b, &p->contexts);
	add_secrets(in, p);
	if (!ret && in->r->recipe->kind == RECIPE_GENERATED)
		ret = add_install_secrets(in, p, err);
	return ret;
}

static void
release_parts(struct parts *p)
{
	strv_release(&p->tags);
	strv_release(&p->args);
	strv_release(&p->labels);
	strv_release(&p->contexts);
	strv_release(&p->secrets);
	strv_release(&p->ssh);
}

static struct buildx_request
request_of(const struct builder *b, const struct parts *p)
{
	const struct recipe *q = b->in->r->recipe;

	return (struct buildx_request){
		.dockerfile = b->files.dockerfile,
		.context = b->files.v[0].link,
		.tags = (const char *const *)p->tags.v,
		.target = q->target,
		.args = (const char *const *)p->args.v,
		.labels = (const char *const *)p->labels.v,
		.contexts = (const char *const *)p->contexts.v,
		.platforms = b->platforms,
		.secrets = (const char *const *)p->secrets.v,
		.ssh = (const char *const *)p->ssh.v,
		.add_hosts = (const char *const *)q->add_hosts.v,
		.cache_to = (const char *const *)b->caches.to.v,
		.cache_from = (const char *const *)b->caches.from.v,
		.network = q->network,
		.builder = b->options->builder,
		.allow = b->options->allow,
		.ulimits = b->options->ulimits,
		.cgroup_parent = b->options->cgroup_parent,
		.shm_size = b->options->shm_size,
		.no_cache_filter = (const char *const *)b->redo.stages.v,
		.no_cache = b->redo.everything,
		.load = true,	/* not each builder does so by itself */
	};
}

/* With a new log at that path. */
static int
run(struct builder *b, struct buildx_run *r, const char *log,
    struct progress_summary *summary, struct imgcache_error *err)
{
	struct buf note = BUF_INIT;
	const struct settings *s = &b->in->ic->settings;
	int ret;

	r->lock_fd = b->lock_fd;
	r->timeout_ms = settings_int(s, SETTING_BUILD_TIMEOUT) * 1000;
	r->idle_ms = settings_int(s, SETTING_IDLE_TIMEOUT) * 1000;
	r->payload = b;
	r->log_fd = open(log, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC,
			 0600);
	if (r->log_fd < 0)
		return error_errno(err, IMGCACHE_EFAIL, "cannot write the "
				   "build log '%s'", log);
	numbers_add_note(&note, &b->on_contexts);
	(void)file_write_fd(r->log_fd, note.data, note.len);
	buf_release(&note);
	ret = buildx_run(r, summary, err);
	close(r->log_fd);
	return ret;
}

static void
on_export(void *payload, const struct progress_event *p)
{
	struct builder *b = payload;
	struct imgcache_event e = {
		.type = IMGCACHE_TICK, .name = b->in->r->recipe->name
	};

	if (p->type == PROGRESS_TICK)
		session_event(b->in->ic, &e);
}

static void
say_export(struct builder *b, const struct buildcache_use *u)
{
	char *text = mem_printf("exporting the cache of stage %s to %s",
				u->stage, u->place);
	struct imgcache_event e = {
		.type = IMGCACHE_BUILD_OUTPUT,
		.name = b->in->r->recipe->name,
		.text = text,
	};

	session_event(b->in->ic, &e);
	free(text);
}

/* What went wrong is read where the rest of the build is. */
static void
append_log(const struct builder *b, const char *log)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	int fd = open(b->log_path, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd >= 0 &&
	    !file_read(AT_FDCWD, log, MAX_EXPORT_LOG, &text, &ignored))
		(void)file_write_fd(fd, text.data, text.len);
	if (fd >= 0)
		close(fd);
	buf_release(&text);
}

/*
 * A build of the stage that makes no image. All its steps were just done, so
 * it is never told to redo them: that would export other layers.
 */
static int
export(struct builder *b, const struct parts *p, struct buildx_run *r,
       struct buildcache_use *u, struct imgcache_error *err)
{
	const char *const to[] = { u->text, NULL };
	struct buildx_request request = request_of(b, p);
	struct progress_summary summary = {0};
	char *log = mem_printf("%.*s.%s.log", (int)strlen(b->log_path) - 4,
			       b->log_path, u->stage);
	struct imgcache_error why = {0};
	int ret;

	say_export(b, u);
	request.tags = request.labels = request.no_cache_filter = NULL;
	request.no_cache = request.load = false;
	request.no_image = true;
	request.target = u->stage;
	request.cache_to = to;
	r->request = &request;
	r->on_progress = on_export;
	unlink(log);
	ret = run(b, r, log, &summary, &why);
	u->failed = ret != 0;
	if (ret == IMGCACHE_EBUILD && u->ignores_error) {
		session_warn(b->in->ic, "the cache of stage '%s' is not "
			     "exported to '%s': %s", u->stage, u->place,
			     why.text);
		ret = 0;
	} else if (ret) {
		error_set(err, ret, "the cache of stage '%s' cannot be "
			  "exported to '%s': %.500s; ignore-error=true does "
			  "without", u->stage, u->place, why.text);
	}
	if (ret)
		append_log(b, log);
	unlink(log);
	free(log);
	return ret;
}

static int
run_all(struct builder *b, const struct parts *p,
	const struct buildx_client *client, struct imgcache_error *err)
{
	struct buildx_request request = request_of(b, p);
	struct buildx_run r = {
		.request = &request,
		.client = client,
		.on_progress = builder_progress,
	};
	size_t i;
	int ret = run(b, &r, b->log_path, &b->summary, err);

	for (i = 0; !ret && i < b->caches.n_uses; i++)
		if (buildcache_is_apart(&b->caches.uses[i]))
			ret = export(b, p, &r, &b->caches.uses[i], err);
	return ret;
}

static void
say_begin(struct builder *b)
{
	struct imgcache_event e = {
		.type = IMGCACHE_BUILD_BEGIN,
		.name = b->in->r->recipe->name,
		.ref = b->in->ref,
		.log = b->log_path,
	};
	struct buf text = BUF_INIT;

	buf_adds(&text, imgcache_reason_text(b->reason));
	if (b->detail)
		buf_addf(&text, ": %s", b->detail);
	e.text = text.data;
	session_event(b->in->ic, &e);
	buf_release(&text);
}

int
builder_docker(struct builder *b, struct imgcache_error *err)
{
	struct buildx_client client;
	struct parts p = {0};
	int ret;

	say_begin(b);
	folders_note(&b->folders, b->in);
	ret = session_client(b->in->ic, &client, err);
	if (!ret)
		ret = make_parts(b, &p, err);
	if (!ret)
		ret = run_all(b, &p, &client, err);
	release_parts(&p);
	return ret;
}
