/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/signals.h"

TestSuite(spawn, .timeout = 60);

static struct imgcache_error err;
static struct child_result result;
static struct buf out = BUF_INIT;
static struct buf errs = BUF_INIT;

/* Run script in a shell; o may hold what else is wanted. */
static int
run_with(struct child_options o, const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	o.argv = argv;
	o.out = &out;
	o.errs = &errs;
	return child_run(&o, &result, &err);
}

static int
run(const char *script)
{
	return run_with((struct child_options){ .own_group = true }, script);
}

static void
expect_result(enum child_end end, int status)
{
	char text[64];

	cr_expect(result.end == end && result.status == status, "%s",
		  child_result_text(&result, text));
}

Test(spawn, stdin_is_empty_unless_given)
{
	cr_assert_eq(run("cat; echo end"), 0);
	cr_assert_str_eq(out.data, "end\n");
}

Test(spawn, stdin_takes_more_than_a_pipe_holds)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&text, (char)('a' + i % 23));
	cr_assert_eq(run_with((struct child_options){
				      .input = text.data,
				      .input_len = text.len }, "cat"), 0);
	cr_assert_eq(out.len, text.len);
	cr_assert_str_eq(out.data, text.data);
	buf_release(&text);
}

Test(spawn, stdin_need_not_be_read)
{
	char *text = mem_alloc(1 << 20);

	cr_assert_eq(run_with((struct child_options){
				      .input = text,
				      .input_len = 1 << 20 }, "exit 4"), 0);
	expect_result(CHILD_EXITED, 4);
	free(text);
}

Test(spawn, the_environment_is_ours_with_changes)
{
	const char *const set[] = { "A=new", "B=x=y", NULL };
	const char *const unset[] = { "C", "D", NULL };

	setenv("A", "old", 1);
	setenv("C", "gone", 1);
	setenv("CC", "kept", 1);
	cr_assert_eq(run_with((struct child_options){ .env_set = set,
						      .env_unset = unset },
			      "echo $A,$B,${C-unset},$CC; env | grep -c ^A="),
		     0);
	cr_assert_str_eq(out.data, "new,x=y,unset,kept\n1\n");
}

Test(spawn, what_is_both_unset_and_set_is_set)
{
	const char *const set[] = { "A=new", NULL };
	const char *const unset[] = { "A", NULL };

	cr_assert_eq(run_with((struct child_options){ .env_set = set,
						      .env_unset = unset },
			      "echo $A"), 0);
	cr_assert_str_eq(out.data, "new\n");
}

Test(spawn, the_environment_may_be_empty)
{
	const char *const argv[] = { "/usr/bin/env", NULL };
	struct child_options o = { .argv = argv, .out = &out };

	clearenv();
	cr_assert_eq(child_run(&o, &result, &err), 0);
	cr_assert_str_eq(out.data, "");
}

Test(spawn, the_working_directory_is_the_childs)
{
	char *before = path_absolute(NULL, ".");
	char *after;

	cr_assert_eq(run_with((struct child_options){ .dir = "/usr" }, "pwd"),
		     0);
	after = path_absolute(NULL, ".");
	cr_assert_str_eq(out.data, "/usr\n");
	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

Test(spawn, a_missing_program_is_enoent)
{
	const char *const argv[] = { "imgcache-no-such-program", NULL };
	struct child_options o = { .argv = argv };

	cr_assert_eq(child_run(&o, &result, &err), IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, ENOENT);
	cr_assert_str_eq(err.text, "cannot run 'imgcache-no-such-program': "
			 "No such file or directory");
}

Test(spawn, a_missing_directory_is_not_taken_for_a_missing_program)
{
	cr_assert_eq(run_with((struct child_options){ .dir = "/nonexistent",
						      .label = "a test" },
			      "true"), IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, ENOTDIR);
	cr_assert_str_eq(err.text, "cannot run 'a test' in '/nonexistent': "
			 "Not a directory");
}

Test(spawn, a_child_object_stays_empty_when_it_cannot_be_started)
{
	const char *const argv[] = { "/", NULL };
	struct child_options o = { .argv = argv };
	struct child c = { 0 };

	cr_assert_eq(child_start(&c, &o, &err), IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, EACCES);
	cr_assert_eq(c.pid, 0);
}

/* What the test runner left open would be inherited, but is not ours. */
static void
close_what_is_not_ours(void)
{
	for (int fd = 3; fd < 256; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

#define COUNT_DESCRIPTORS \
	"n=0; for i in $(seq 3 255); do" \
	" [ -e /proc/self/fd/$i ] && n=$((n + 1)); done; echo $n"

Test(spawn, inherits_none_of_our_descriptors)
{
	close_what_is_not_ours();
	signals_install();
	cr_assert_eq(run_with((struct child_options){ .input = "x",
						      .input_len = 1 },
			      COUNT_DESCRIPTORS), 0);
	cr_assert_str_eq(out.data, "0\n");
}

Test(spawn, inherits_the_one_it_is_to_inherit)
{
	char script[sizeof(COUNT_DESCRIPTORS) + 64];
	int fd;

	close_what_is_not_ours();
	fd = fcntl(0, F_DUPFD_CLOEXEC, 17);
	cr_assert(fd >= 17);
	snprintf(script, sizeof(script), COUNT_DESCRIPTORS
		 "; [ -e /proc/self/fd/%d ]", fd);
	cr_assert_eq(run_with((struct child_options){ .inherit_fd = fd },
			      script), 0);
	cr_expect_str_eq(out.data, "1\n");
	expect_result(CHILD_EXITED, 0);
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static int
count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

Test(spawn, leaves_no_descriptor_open_here)
{
	struct child_options input = { .input = "x", .input_len = 1 };
	int before = count_descriptors();

	run_with(input, "echo x");
	cr_expect_eq(count_descriptors(), before);
	input.dir = "/nonexistent";
	run_with(input, "echo x");
	cr_expect_eq(count_descriptors(), before);
}

Test(spawn, output_fd_takes_both_outputs_in_order)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	struct buf log = BUF_INIT;

	cr_assert_eq(run_with((struct child_options){ .output_fd = fd },
			      "echo a; echo b >&2; echo c"), 0);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	cr_assert_eq(file_read_fd(fd, "log", 0, &log, &err), 0);
	cr_assert_str_eq(log.data, "a\nb\nc\n");
	cr_assert_eq(out.len + errs.len, 0);
	close(fd);
	buf_release(&log);
}

Test(spawn, inherit_stdio_leaves_all_three)
{
	int fds[2], saved = fcntl(1, F_DUPFD_CLOEXEC, 50);
	char text[10] = "";

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	dup2(fds[1], 1);
	cr_expect_eq(run_with((struct child_options){ .inherit_stdio = true },
			      "echo here"), 0);
	dup2(saved, 1);
	cr_expect_eq(read(fds[0], text, 9), 5);
	cr_expect_str_eq(text, "here\n");
}

/* Of the 31 signals with names; the libc has two more for itself. */
static unsigned long
mask_of(const char *name)
{
	const char *line = strstr(out.data, name);

	cr_assert(line);
	return strtoul(line + strlen(name), NULL, 16) & 0x7fffffff;
}

Test(spawn, signals_are_default_and_none_is_blocked)
{
	sigset_t set;

	signals_install();
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	cr_assert_eq(run("exec cat /proc/self/status"), 0);
	cr_assert_eq(mask_of("SigBlk:"), 0);
	cr_assert_eq(mask_of("SigIgn:"), 0);
}

Test(spawn, what_nohup_ignores_stays_ignored)
{
	signal(SIGHUP, SIG_IGN);
	signals_install();
	cr_assert_eq(run("kill -HUP $$; echo alive"), 0);
	cr_assert_str_eq(out.data, "alive\n");
}

static long
group_of_child(bool own_group)
{
	buf_clear(&out);
	cr_assert_eq(run_with((struct child_options){ .own_group = own_group },
			      "cut -d' ' -f5 /proc/$$/stat"), 0);
	return strtol(out.data, NULL, 10);
}

Test(spawn, has_a_group_of_its_own_if_asked_for)
{
	long ours = getpgrp();

	cr_assert_eq(group_of_child(false), ours);
	cr_assert_neq(group_of_child(true), ours);
}
