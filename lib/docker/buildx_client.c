/* SPDX-License-Identifier: MIT */
/*
 * Which buildx there is. Abilities follow from the version; a version that
 * says nothing (a development build) is taken for the newest.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/buildx.h"
#include "docker/failure.h"
#include "store/jsonr.h"
#include "sys/child.h"
#include "sys/file.h"

#define ASK_MS 10000
#define MAX_CONFIG (4u << 20)
#define MAX_OUTPUT (64u << 10)
#define PLUGIN "docker-buildx"

/* Where docker looks, after the user's own (cli-plugins/manager). */
static const char *const system_dirs[] = {
	"/usr/local/lib/docker/cli-plugins",
	"/usr/local/libexec/docker/cli-plugins",
	"/usr/lib/docker/cli-plugins",
	"/usr/libexec/docker/cli-plugins"
};

static bool
is_since(const struct buildx_client *c, int minor)
{
	return c->major > 0 || c->minor >= minor ||
		(!c->major && !c->minor && !c->patch);
}

static void
fill_abilities(struct buildx_client *c)
{
	c->has_rawjson = is_since(c, 12);
	c->has_attestations = is_since(c, 10);
	c->has_build_context = is_since(c, 8);
	c->has_no_cache_filter = is_since(c, 8);
	c->has_cache_reset = is_since(c, 35);
	c->has_check = is_since(c, 15);
}

static bool
parse_word(struct buildx_client *out, const char *word)
{
	int used = 0;

	word += *word == 'v';
	if (!isdigit((unsigned char)*word) ||
	    sscanf(word, "%5d.%5d%n", &out->major, &out->minor, &used) != 2)
		return false;
	if (word[used] == '.')
		out->patch = atoi(word + used + 1);
	snprintf(out->version, sizeof(out->version), "%d.%d.%d", out->major,
		 out->minor, out->patch);
	return true;
}

bool
buildx_client_parse(struct buildx_client *out, const char *text)
{
	struct strv words = { 0 };
	bool found = false, named = false;

	memset(out, 0, sizeof(*out));
	strv_split(&words, text, " \t\r\n");
	for (size_t i = 0; i < words.n && !found; i++) {
		named = named || strstr(words.v[i], "buildx");
		found = named && parse_word(out, words.v[i]);
	}
	if (named && !found)
		snprintf(out->version, sizeof(out->version), "unknown");
	fill_abilities(out);
	strv_release(&words);
	return named;
}

static void
add_extra_dirs(struct strv *dirs, const char *config_dir)
{
	struct imgcache_error ignored = { 0 };
	struct jsonr *r = jsonr_new();
	struct buf text = BUF_INIT;
	const struct jsonr_node *n = NULL;
	char *path = path_join(config_dir, "config.json");

	if (!file_read(AT_FDCWD, path, MAX_CONFIG, &text, &ignored))
		n = jsonr_parse(r, text.data, text.len, &ignored);
	n = jsonr_member(n, "cliPluginsExtraDirs");
	for (n = n ? n->child : NULL; n; n = n->next)
		if (n->text)
			strv_push(dirs, n->text);
	strv_pushf(dirs, "%s/cli-plugins", config_dir);
	free(path);
	buf_release(&text);
	jsonr_free(r);
}

/* What makes the plugin this one; "" if it is not where docker looks. */
static void
add_stamp(struct buf *out, const char *config_dir)
{
	struct strv dirs = { 0 };
	struct stat st;
	char *path;

	if (config_dir)
		add_extra_dirs(&dirs, config_dir);
	for (size_t i = 0; i < sizeof(system_dirs) / sizeof(*system_dirs); i++)
		strv_push(&dirs, system_dirs[i]);
	for (size_t i = 0; i < dirs.n && !out->len; i++) {
		path = path_join(dirs.v[i], PLUGIN);
		if (!stat(path, &st) && S_ISREG(st.st_mode)) {
			buf_add_cquoted(out, path, strlen(path));
			buf_addf(out, " %llx:%llx %lld %lld.%09ld\n",
				 (unsigned long long)st.st_dev,
				 (unsigned long long)st.st_ino,
				 (long long)st.st_size,
				 (long long)st.st_mtim.tv_sec,
				 st.st_mtim.tv_nsec);
		}
		free(path);
	}
	strv_release(&dirs);
}

static bool
read_memo(struct buildx_client *out, const char *path,
	  const char *stamp)
{
	struct imgcache_error ignored = { 0 };
	struct buf text = BUF_INIT;
	bool found = false;

	if (!file_read(AT_FDCWD, path, 8192, &text, &ignored) &&
	    str_starts(text.data, stamp))
		found = buildx_client_parse(out, text.data + strlen(stamp));
	buf_release(&text);
	return found;
}

static void
write_memo(const struct buildx_client *c, const char *path,
	   const char *stamp)
{
	struct imgcache_error ignored = { 0 };
	char *text = mem_printf("%sbuildx %s\n", stamp, c->version);

	file_replace(AT_FDCWD, path, text, strlen(text), 0600, false,
		     &ignored);
	free(text);
}

/* Every way of not having buildx: an unknown word, an unknown flag, no sub. */
static int
ask(struct buildx_client *out, const char *docker,
	struct imgcache_error *err)
{
	const char *const argv[] = { docker, "buildx", "version", NULL };
	struct buf text = BUF_INIT, errs = BUF_INIT;
	struct child_options o = {
		.argv = argv, .timeout_ms = ASK_MS, .own_group = true,
		.out = &text, .errs = &errs, .max_output = MAX_OUTPUT,
		.label = "docker buildx version"
	};
	struct child_result result;
	char how[64];
	int ret = child_run(&o, &result, err);

	if (ret == IMGCACHE_EFAIL && err->sys_errno == ENOENT) {
		error_clear(err);
		error_set(err, ret, "docker is not installed: no '%s' in PATH; "
			  "install docker's client and its buildx plugin",
			  docker);
		err->sys_errno = ENOENT;
	} else if (!ret && result.end == CHILD_TIMEOUT) {
		ret = error_set(err, IMGCACHE_EFAIL,
				"docker buildx version: %s",
				child_result_text(&result, how));
	} else if (!ret && (result.end != CHILD_EXITED || result.status ||
			    !buildx_client_parse(out, text.data))) {
		ret = error_set(err, IMGCACHE_EFAIL, "docker has no buildx; %s",
				docker_failure_advice(DOCKER_NO_BUILDX));
	}
	buf_release(&text);
	buf_release(&errs);
	return ret;
}

int
buildx_client_find(struct buildx_client *out, const struct buildx_probe *p,
		   struct imgcache_error *err)
{
	struct buf stamp = BUF_INIT;
	char *memo = NULL;
	int ret = 0;

	add_stamp(&stamp, p->config_dir);
	if (p->memo_dir && stamp.len)
		memo = path_join(p->memo_dir, "buildx");
	if (!memo || !read_memo(out, memo, stamp.data)) {
		ret = ask(out, p->docker ? p->docker : "docker", err);
		if (!ret && memo)
			write_memo(out, memo, stamp.data);
	}
	free(memo);
	buf_release(&stamp);
	return ret;
}
