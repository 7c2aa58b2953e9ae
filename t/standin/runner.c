/* SPDX-License-Identifier: MIT */
/*
 * `docker run`: the command runs right here, as a child, with the variables of
 * -e and IMAGE_ID added. What a container would keep from it (files, network,
 * memory) is not played.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "docker.h"
#include "fault.h"
#include "state.h"

#define REFUSED 125

static const char *const valued[] = {
	"-e", "--env", "-v", "--volume", "-w", "--workdir", "-u", "--user",
	"-p", "--publish", "--name", "-m", "--memory", "--cpus", "--mount",
	"--network", "--entrypoint", "-l", "--label", "--cidfile",
	"--platform", "--pull", "--env-file", "--add-host", "-h", "--hostname",
	NULL
};

struct run {
	struct strv options, words;
	struct image image;
	char id[65];
};

static pid_t command_pid;

static void
pass_on(int sig)
{
	if (command_pid > 0)
		kill(command_pid, sig);
}

static int
refused(const char *what, const char *subject)
{
	fprintf(stderr, "docker: %s%s.\nSee 'docker run --help'.\n", what,
		subject);
	return REFUSED;
}

static void
write_container(const struct run *r, const char *state)
{
	const char *name = option_value(&r->options, "--name");
	struct buf text = BUF_INIT;

	buf_addf(&text, "image %s\nname %s\npid %ld\nstate %s\n",
		 r->image.hex, name ? name : "standin", (long)command_pid,
		 state);
	for (size_t i = 0; i < r->options.n; i++)
		if (!strncmp(r->options.v[i], "--label=", 8))
			buf_addf(&text, "label %s\n", r->options.v[i] + 8);
	state_write("containers", r->id, text.data);
	buf_release(&text);
}

static void
set_environment(const struct run *r)
{
	setenv("IMAGE_ID", r->image.hex, 1);
	for (size_t i = 0; i < r->options.n; i++) {
		const char *o = r->options.v[i];

		if (!strncmp(o, "-e=", 3) || !strncmp(o, "--env=", 6))
			putenv(mem_strdup(strchr(o, '=') + 1));
	}
}

/* The pipe closes on exec; a number in it is why exec failed. */
static int
start_command(struct run *r)
{
	char *none[] = { mem_strdup("true"), NULL };
	char **argv = r->words.n > 1 ? r->words.v + 1 : none;
	int report[2], failed = 0;

	if (pipe2(report, O_CLOEXEC))
		return -1;
	command_pid = fork();
	if (!command_pid) {
		set_environment(r);
		execvp(argv[0], argv);
		failed = errno;
		if (write(report[1], &failed, sizeof(failed)) < 0)
			_exit(98);
		_exit(127);
	}
	close(report[1]);
	if (read(report[0], &failed, sizeof(failed)) < 0)
		failed = errno;
	close(report[0]);
	free(none[0]);
	return failed;
}

static int
wait_command(void)
{
	int status;

	while (waitpid(command_pid, &status, 0) < 0)
		if (errno != EINTR)
			return REFUSED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static int
finish(struct run *r, int failed)
{
	int status = failed == ENOENT ? 127 : 126;

	if (failed)
		fprintf(stderr, "docker: Error response from daemon: failed to "
			"create task for container: exec: \"%s\": %s: "
			"unknown.\n", r->words.n > 1 ? r->words.v[1] : "",
			failed == ENOENT ? "executable file not found in $PATH"
			: "permission denied");
	if (!failed) {
		write_container(r, "running");
		status = wait_command();
	}
	command_pid = 0;
	if (has_option(&r->options, "--rm"))
		state_remove("containers", r->id);
	else
		write_container(r, "exited");
	return status;
}

static void
write_cidfile(const struct run *r)
{
	const char *path = option_value(&r->options, "--cidfile");
	FILE *f = path ? fopen(path, "we") : NULL;

	if (f) {
		fputs(r->id, f);
		fclose(f);
	}
}

static int
run(struct run *r)
{
	char *seed = mem_printf("%ld %s", (long)getpid(), r->image.hex);
	struct sigaction sa = { .sa_handler = pass_on };
	int failed;

	state_hash(seed, strlen(seed), r->id);
	free(seed);
	write_container(r, "created");
	write_cidfile(r);
	if (has_option(&r->options, "-d") ||
	    has_option(&r->options, "--detach")) {
		puts(r->id);
		fflush(stdout);
		if (fork())
			return 0;
		setsid();
		for (int fd = 0; fd < 3; fd++)
			dup2(open("/dev/null", O_RDWR | O_CLOEXEC), fd);
	}
	failed = start_command(r);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	return finish(r, failed);
}

static int
check(struct run *r)
{
	const char *path = option_value(&r->options, "--cidfile");

	if (!r->words.n)
		return refused("\"docker run\" requires at least 1 argument",
			       "");
	if (path && !access(path, F_OK))
		return refused("container ID file found, make sure the other "
			       "container isn't running or delete ", path);
	if (!image_find(r->words.v[0], &r->image))
		return refused("Error response from daemon: No such image: ",
			       r->words.v[0]);
	return 0;
}

int
verb_run(char **argv)
{
	struct run r = { .id = "" };
	struct words w = { &r.options, &r.words, valued, true };
	struct fault f;
	int status;

	fault_find(&f, "run");
	fault_happen(&f);
	words_split(&w, argv);
	status = check(&r);
	if (!status)
		status = run(&r);
	strv_release(&r.options);
	strv_release(&r.words);
	image_release(&r.image);
	return status;
}
