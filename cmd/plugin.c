/* SPDX-License-Identifier: MIT */
#include "plugin.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd.h"

#define NAME "imgcache"
#define SOCKET "DOCKER_CLI_PLUGIN_SOCKET"

/* docker --help, clients 20.10 to 29. */
enum { OPT_TLS = 256, OPT_TLS_VERIFY, OPT_TLS_FILE };
static const struct option globals[] = {
	{ "config", required_argument, NULL, 'C' },
	{ "context", required_argument, NULL, 'c' },
	{ "debug", no_argument, NULL, 'D' },
	{ "host", required_argument, NULL, 'H' },
	{ "log-level", required_argument, NULL, 'l' },
	{ "tls", no_argument, NULL, OPT_TLS },
	{ "tlscacert", required_argument, NULL, OPT_TLS_FILE },
	{ "tlscert", required_argument, NULL, OPT_TLS_FILE },
	{ "tlskey", required_argument, NULL, OPT_TLS_FILE },
	{ "tlsverify", no_argument, NULL, OPT_TLS_VERIFY },
	{ NULL, 0, NULL, 0 }
};

static bool is_entered;

bool
plugin_is_asked(int argc, char **argv)
{
	return argc == 2 && !strcmp(argv[1], "docker-cli-plugin-metadata");
}

void
plugin_print_metadata(void)
{
	printf("{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"imgcache\","
	       "\"Version\":\"" IMGCACHE_VERSION "\",\"ShortDescription\":"
	       "\"Build images only when their inputs changed\"}\n");
}

/*
 * In docker's order the command line is before the environment. A context that
 * is named so is no longer overruled by DOCKER_HOST; the one called default is
 * what DOCKER_HOST says.
 */
static int
take_global(int code, const char *value, struct imgcache_error *err)
{
	switch (code) {
	case 'C':
		setenv("DOCKER_CONFIG", value, 1);
		return 0;
	case 'c':
		setenv("DOCKER_CONTEXT", value, 1);
		if (strcmp(value, "default"))
			unsetenv("DOCKER_HOST");
		return 0;
	case 'H':
		setenv("DOCKER_HOST", value, 1);
		unsetenv("DOCKER_CONTEXT");
		return 0;
	case OPT_TLS:
		setenv("DOCKER_TLS", "1", 1);
		return 0;
	case OPT_TLS_VERIFY:
		setenv("DOCKER_TLS_VERIFY", "1", 1);
		return 0;
	case 'D':
	case 'l':
		return 0;	/* of docker's own words */
	case OPT_TLS_FILE:
		return fail(err, IMGCACHE_EUSAGE, "certificates are handed on "
			    "by DOCKER_CERT_PATH, a folder with ca.pem, "
			    "cert.pem and key.pem, or by a docker context");
	default:
		return fail(err, IMGCACHE_EUSAGE, "an option of docker that "
			    "is not known here stands before '" NAME "'");
	}
}

/* The index of the first word from there on that is no option of docker's. */
static int
skip_globals(int argc, char **argv, int from, int *at,
	     struct imgcache_error *err)
{
	int code, ret = 0;

	optind = 0;
	opterr = 0;
	while (!ret && (code = getopt_long(argc - from, argv + from,
					   "+c:DH:l:", globals, NULL)) != -1)
		ret = take_global(code, optarg, err);
	*at = from + optind;
	return ret;
}

/* Docker closes it when it wants us to end, having got a signal itself. */
static void *
wait_for_end(void *payload)
{
	int fd = (int)(intptr_t)payload;
	char c;
	ssize_t n;

	do
		n = read(fd, &c, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
	close(fd);
	kill(getpid(), SIGTERM);
	return NULL;
}

static void
follow_docker(void)
{
	const char *name = getenv(SOCKET);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = name ? strlen(name) : 0;
	sigset_t all, before;
	pthread_t thread;
	int fd;

	if (!len || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, name, len);
	if (*name == '@')
		to.sun_path[0] = '\0';	/* Go's word for an abstract one */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsetenv(SOCKET);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, (socklen_t)(
			offsetof(struct sockaddr_un, sun_path) + len))) {
		if (fd >= 0)
			close(fd);
		return;
	}
	/* signals are the main thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, wait_for_end, (void *)(intptr_t)fd))
		close(fd);
	else
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Docker asks for help or completion with those words before our name. */
static const char *
read_request(const char *word)
{
	if (!strcmp(word, "__completeNoDesc"))
		given.cobra = COBRA_PLAIN;
	else if (!strcmp(word, "__complete"))
		given.cobra = COBRA_TEXT;
	if (given.cobra)
		return "__complete";
	return strcmp(word, "help") ? NULL : "help";
}

static bool
is_plugin(const char *program)
{
	const char *slash = program ? strrchr(program, '/') : NULL;

	return program && !strcmp(slash ? slash + 1 : program,
				  "docker-" NAME);
}

/* cobra hands over --option=value; ours is asked for the value alone. */
static int
split_last(int argc, char **argv)
{
	char *word = argv[argc - 1], *equals = strchr(word, '=');

	if (!given.cobra || strncmp(word, "--", 2) || !equals)
		return argc;
	*equals = '\0';
	argv[argc] = equals + 1;	/* a place is free: NAME's own */
	return argc + 1;
}

bool
plugin_is_entered(void)
{
	return is_entered;
}

int
plugin_enter(int *argc, char **argv, struct imgcache_error *err)
{
	const char *request = NULL;
	int from, ret, to = 1;

	if (!is_plugin(*argv))
		return 0;
	ret = skip_globals(*argc, argv, 0, &from, err);
	if (!ret && from < *argc)
		request = read_request(argv[from]);
	if (!ret && request)
		ret = skip_globals(*argc, argv, from, &from, err);
	if (ret)
		return ret;
	if (from >= *argc || strcmp(argv[from], NAME))
		return fail(err, IMGCACHE_EUSAGE, "as docker-" NAME " this is "
			    "a plugin of docker; call docker " NAME);
	if (request)
		argv[to++] = (char *)request;
	for (from++; from < *argc; from++)
		argv[to++] = argv[from];
	*argc = split_last(to, argv);
	argv[*argc] = NULL;
	follow_docker();
	is_entered = true;
	return 0;
}
