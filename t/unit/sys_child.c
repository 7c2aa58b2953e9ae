/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/signals.h"

TestSuite(child, .timeout = 60);

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

Test(child, exit_status_is_told)
{
	cr_assert_eq(run("exit 3"), 0);
	expect_result(CHILD_EXITED, 3);
}

Test(child, death_by_signal_is_told)
{
	cr_assert_eq(run("kill -9 $$"), 0);
	expect_result(CHILD_SIGNALLED, SIGKILL);
}

Test(child, both_outputs_are_collected)
{
	cr_assert_eq(run("echo one; echo two >&2; printf last"), 0);
	cr_assert_str_eq(out.data, "one\nlast");
	cr_assert_str_eq(errs.data, "two\n");
}

Test(child, arguments_are_no_shell_line)
{
	const char *const argv[] = { "printf", "%s|", "a b", "$HOME;`x`", "",
				     "*", NULL };
	struct child_options o = { .argv = argv, .out = &out };

	cr_assert_eq(child_run(&o, &result, &err), 0);
	cr_assert_str_eq(out.data, "a b|$HOME;`x`||*|");
}

struct tally {
	size_t bytes;
	size_t chunks;
	char last;
};

static void
count(void *payload, const char *data, size_t len)
{
	struct tally *t = payload;

	t->bytes += len;
	t->chunks++;
	t->last = data[len - 1];
}

Test(child, a_line_of_a_mebibyte_without_newline_arrives)
{
	struct tally t = { 0 };

	cr_assert_eq(run_with((struct child_options){ .on_stdout = count,
						      .payload = &t },
			      "head -c 1048575 /dev/zero; printf x"), 0);
	cr_assert_eq(t.bytes, 1 << 20);
	cr_assert_eq(t.last, 'x');
	cr_assert_eq(out.len, 0);
}

Test(child, much_on_both_outputs_does_not_block)
{
	struct tally t = { 0 };

	cr_assert_eq(run_with((struct child_options){ .on_stderr = count,
						      .payload = &t },
			      "head -c 300000 /dev/zero >&2;"
			      "head -c 300000 /dev/zero;"
			      "head -c 300000 /dev/zero >&2"), 0);
	cr_assert_eq(out.len, 300000);
	cr_assert_eq(t.bytes, 600000);
}

Test(child, output_is_kept_up_to_the_limit_of_each)
{
	cr_assert_eq(run_with((struct child_options){ .max_output = 5 },
			      "printf 1234; sleep 0.05; printf 5678;"
			      "printf abcdefgh >&2"), 0);
	cr_assert_str_eq(out.data, "12345");
	cr_assert_str_eq(errs.data, "abcde");
}

Test(child, a_limit_that_was_reached_exactly_stays)
{
	cr_assert_eq(run_with((struct child_options){ .max_output = 4 },
			      "printf 1234; sleep 0.05; printf 5678"), 0);
	cr_assert_str_eq(out.data, "1234");
}

Test(child, output_nobody_wants_is_read_all_the_same)
{
	const char *const argv[] = { "head", "-c", "300000", "/dev/zero",
				     NULL };
	struct child_options o = { .argv = argv };

	cr_assert_eq(child_run(&o, &result, &err), 0);
	expect_result(CHILD_EXITED, 0);
}

Test(child, timeout_ends_it)
{
	int64_t start = clock_mono_us(), took;

	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 150,
						      .own_group = true },
			      "echo a; sleep 300"), 0);
	took = clock_mono_us() - start;
	expect_result(CHILD_TIMEOUT, 150);
	cr_assert_str_eq(out.data, "a\n");
	cr_assert(took >= 150000 && took < 1900000, "%ld us", (long)took);
}

Test(child, timeout_without_a_group_ends_the_child)
{
	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 100 },
			      "exec sleep 300"), 0);
	expect_result(CHILD_TIMEOUT, 100);
}

Test(child, timeout_kills_what_ignores_sigterm_two_seconds_later)
{
	int64_t start = clock_mono_us(), took;

	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 100,
						      .own_group = true },
			      "trap '' TERM; sleep 300; sleep 300"), 0);
	took = clock_mono_us() - start;
	expect_result(CHILD_TIMEOUT, 100);
	cr_assert(took >= 2100000 && took < 10000000, "%ld us", (long)took);
}

Test(child, timeout_ends_one_that_is_stopped)
{
	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 100,
						      .own_group = true },
			      "kill -STOP $$"), 0);
	expect_result(CHILD_TIMEOUT, 100);
}

/* Gone, or a zombie that nobody has reaped yet. */
static bool
has_ended(long pid)
{
	char *path = mem_printf("/proc/%ld/stat", pid);
	struct imgcache_error e = { 0 };
	struct buf b = BUF_INIT;
	bool ended = file_read(AT_FDCWD, path, 0, &b, &e) ||
		strstr(b.data, ") Z");

	free(path);
	buf_release(&b);
	return ended;
}

static bool
ends_soon(long pid)
{
	for (int i = 0; i < 200 && !has_ended(pid); i++)
		clock_sleep_ms(10);
	return has_ended(pid);
}

Test(child, timeout_kills_grandchildren_that_ignore_sigterm)
{
	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 300,
						      .own_group = true },
			      "(trap '' TERM; exec sleep 300) & echo $!;"
			      "sleep 300"), 0);
	expect_result(CHILD_TIMEOUT, 300);
	cr_assert_gt(strtol(out.data, NULL, 10), 0);
	cr_assert(ends_soon(strtol(out.data, NULL, 10)));
}

Test(child, timeout_kills_grandchildren_without_our_pipes)
{
	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 300,
						      .own_group = true },
			      "(trap '' TERM; exec sleep 300) >&- 2>&- &"
			      "echo $!; exec sleep 300"), 0);
	expect_result(CHILD_TIMEOUT, 300);
	cr_assert(ends_soon(strtol(out.data, NULL, 10)));
}

Test(child, idle_time_counts_from_the_last_byte)
{
	int64_t start = clock_mono_us(), took;

	cr_assert_eq(run_with((struct child_options){ .idle_ms = 400,
						      .own_group = true },
			      "for i in 1 2 3 4 5 6; do echo $i >&2;"
			      "sleep 0.1; done; sleep 300"), 0);
	took = clock_mono_us() - start;
	expect_result(CHILD_TIMEOUT, 400);
	cr_assert_str_eq(errs.data, "1\n2\n3\n4\n5\n6\n");
	cr_assert_geq(took, 900000);
}

Test(child, deadlines_that_are_met_do_nothing)
{
	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 30000,
						      .idle_ms = 30000 },
			      "exit 5"), 0);
	expect_result(CHILD_EXITED, 5);
}

Test(child, one_that_closed_its_pipes_is_waited_for)
{
	int64_t start = clock_mono_us();

	cr_assert_eq(run("exec >&- 2>&-; sleep 0.3; exit 7"), 0);
	expect_result(CHILD_EXITED, 7);
	cr_assert_geq(clock_mono_us() - start, 300000);
}

Test(child, one_that_closed_its_pipes_still_has_its_deadline)
{
	cr_assert_eq(run_with((struct child_options){ .timeout_ms = 100,
						      .own_group = true },
			      "exec >&- 2>&-; sleep 300"), 0);
	expect_result(CHILD_TIMEOUT, 100);
}

Test(child, a_grandchild_that_keeps_the_pipe_does_not_keep_us)
{
	int64_t start = clock_mono_us(), took;
	long pid;

	cr_assert_eq(run("sleep 300 & echo $!; exit 4"), 0);
	took = clock_mono_us() - start;
	pid = strtol(out.data, NULL, 10);
	expect_result(CHILD_EXITED, 4);
	cr_expect(took < 1500000, "%ld us", (long)took);
	cr_expect_not(has_ended(pid));
	kill((pid_t)pid, SIGKILL);
}

Test(child, a_grandchild_that_writes_on_does_not_keep_us)
{
	int64_t start = clock_mono_us(), took;
	char *end;

	cr_assert_eq(run_with((struct child_options){ .max_output = 100 },
			      "yes & echo $! >&2"), 0);
	took = clock_mono_us() - start;
	kill((pid_t)strtol(errs.data, &end, 10), SIGKILL);
	cr_expect_str_eq(end, "\n");
	cr_assert(took < 10000000, "%ld us", (long)took);
	expect_result(CHILD_EXITED, 0);
}

Test(child, late_output_of_a_grandchild_still_counts)
{
	cr_assert_eq(run("(sleep 0.05; printf late) & printf early,"), 0);
	cr_assert_str_eq(out.data, "early,late");
}

static pid_t
signal_us_later(int sig, int ms)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep((useconds_t)ms * 1000);
		kill(getppid(), sig);
		_exit(0);
	}
	return pid;
}

Test(child, an_interrupt_ends_it)
{
	pid_t pid;

	signals_install();
	pid = signal_us_later(SIGTERM, 200);
	cr_assert_eq(run("sleep 300 & echo $!; wait"), IMGCACHE_EINTR);
	cr_expect_str_eq(err.text, "interrupted by SIGTERM");
	cr_expect(ends_soon(strtol(out.data, NULL, 10)));
	waitpid(pid, NULL, 0);
}

Test(child, after_an_interrupt_none_is_started)
{
	const char *const argv[] = { "imgcache-no-such-program", NULL };
	struct child_options o = { .argv = argv };

	signals_install();
	raise(SIGTERM);
	cr_assert_eq(child_run(&o, &result, &err), IMGCACHE_EINTR);
}

Test(child, after_an_interrupt_cleaning_up_is_possible)
{
	signals_install();
	raise(SIGTERM);
	cr_assert_eq(run_with((struct child_options){ .uninterruptible = true },
			      "sleep 0.05; echo clean"), 0);
	cr_assert_str_eq(out.data, "clean\n");
	expect_result(CHILD_EXITED, 0);
}

/* Our descriptors are all in use; the child, after exec, has some again. */
Test(child, its_end_is_noticed_without_a_pidfd)
{
	const char *const argv[] = { "sh", "-c", "sleep 0.1; exit 6", NULL };
	struct child_options o = { .argv = argv, .inherit_stdio = true };
	int last = fcntl(0, F_DUPFD_CLOEXEC, 200);
	struct rlimit limit = { (rlim_t)last + 1, (rlim_t)last + 1 };

	while (fcntl(0, F_DUPFD_CLOEXEC, 0) < last && last < 1000)
		if (setrlimit(RLIMIT_NOFILE, &limit) || errno == EMFILE)
			break;
	cr_assert_eq(dup(0), -1);
	cr_assert_eq(child_run(&o, &result, &err), 0, "%s", err.text);
	expect_result(CHILD_EXITED, 6);
}

Test(child, steps_go_from_start_to_reaped)
{
	const char *const argv[] = { "sh", "-c", "sleep 0.2; exit 2", NULL };
	struct child_options o = { .argv = argv };
	struct child c = { 0 };

	cr_assert_eq(child_start(&c, &o, &err), 0);
	cr_assert_gt(c.pid, 0);
	cr_assert_not(child_poll(&c));
	while (!child_poll(&c))
		clock_sleep_ms(5);
	cr_assert(c.reaped && child_poll(&c));
	result = c.result;
	expect_result(CHILD_EXITED, 2);
	cr_assert_eq(child_wait(&c, 0, &err), 0);
}

Test(child, wait_has_a_deadline)
{
	const char *const argv[] = { "sleep", "300", NULL };
	struct child_options o = { .argv = argv, .own_group = true };
	struct child c = { 0 };

	cr_assert_eq(child_start(&c, &o, &err), 0);
	cr_assert_eq(child_wait(&c, 1000, &err), 0);
	result = c.result;
	expect_result(CHILD_TIMEOUT, 1000);
}

Test(child, kill_reaches_the_group)
{
	const char *const argv[] = { "sh", "-c", "sleep 300 & echo $!; wait",
				     NULL };
	struct child_options o = { .argv = argv, .own_group = true };
	struct child c = { 0 };
	char pid[20] = "";
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	o.output_fd = fds[1];
	cr_assert_eq(child_start(&c, &o, &err), 0);
	cr_assert_gt(read(fds[0], pid, sizeof(pid) - 1), 0);
	child_kill(&c, SIGTERM);
	cr_assert_eq(child_wait(&c, 0, &err), 0);
	result = c.result;
	expect_result(CHILD_SIGNALLED, SIGTERM);
	cr_assert(ends_soon(strtol(pid, NULL, 10)));
}

Test(child, wait_for_none_is_our_mistake, .signal = SIGABRT)
{
	struct child c = { 0 };

	child_wait(&c, 0, &err);
}

Test(child, kill_of_a_reaped_one_is_our_mistake, .signal = SIGABRT)
{
	struct child c = { .pid = 1, .reaped = true };

	child_kill(&c, SIGTERM);
}

Test(child, start_of_a_running_one_is_our_mistake, .signal = SIGABRT)
{
	const char *const argv[] = { "true", NULL };
	struct child_options o = { .argv = argv };
	struct child c = { .pid = 1 };

	child_start(&c, &o, &err);
}

static void
expect_words(enum child_end end, int status, const char *expect)
{
	struct child_result r = { end, status };
	char text[64];

	cr_expect_str_eq(child_result_text(&r, text), expect);
}

Test(child, results_have_words)
{
	expect_words(CHILD_EXITED, 3, "exit status 3");
	expect_words(CHILD_SIGNALLED, SIGKILL, "killed by SIGKILL");
	expect_words(CHILD_SIGNALLED, 40, "killed by signal 40");
	expect_words(CHILD_TIMEOUT, 10000, "no answer within 10 s");
	expect_words(CHILD_TIMEOUT, 150, "no answer within 150 ms");
}
