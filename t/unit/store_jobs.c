/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/jobs.h"

static struct job_row
only(struct room *r, struct job_list *list, int64_t image)
{
	job_list_release(list);
	ok(r, jobs_get(r->cat, image, list, &r->err));
	cr_assert_eq(list->n, 1);
	return list->v[0];
}

Test(jobs, run_until_they_are_finished)
{
	struct image_row row = room_image(1), other = room_image(2);
	struct job_list list = { 0 };
	struct job_row job;
	struct room r;
	int64_t id, second;

	room_open(&r);
	id = room_put(&r, &row);
	second = room_put(&r, &other);
	ok(&r, jobs_start(r.cat, id, "/log/1", &r.err));
	ok(&r, jobs_start(r.cat, second, "/log/2", &r.err));
	ok(&r, jobs_running(r.cat, &list, &r.err));
	cr_assert_eq(list.n, 2);
	cr_expect_str_eq(list.v[0].key.tag, row.key.tag);
	cr_expect_str_eq(list.v[0].key.engine, ENGINE);
	cr_expect_str_eq(list.v[1].log_path, "/log/2");
	cr_expect_eq(list.v[0].finished_at, 0);
	ok(&r, jobs_finish(r.cat, id, BUILD_FAILED, "why", &r.err));
	job = only(&r, &list, id);
	cr_expect_eq(job.status, BUILD_FAILED);
	cr_expect_str_eq(job.error, "why");
	cr_expect_gt(job.finished_at, 0);
	job_list_release(&list);
	ok(&r, jobs_running(r.cat, &list, &r.err));
	cr_expect_eq(list.n, 1);
	cr_expect_eq(list.v[0].image, second);
	ok(&r, jobs_forget(r.cat, ENGINE, row.key.tag, &r.err));
	ok(&r, jobs_forget(r.cat, ENGINE, other.key.tag, &r.err));
	cr_expect_eq(room_count(&r, "SELECT image FROM jobs"), second,
		     "one that runs is not forgotten");
	job_list_release(&list);
	room_close(&r);
}

Test(jobs, a_new_one_takes_the_place_of_the_last)
{
	struct image_row row = room_image(1);
	struct build_row build = { .key = row.key };
	struct job_list list = { 0 };
	struct job_row job;
	struct room r;
	int64_t id, begun;

	room_open(&r);
	id = room_put(&r, &row);
	ok(&r, jobs_start(r.cat, id, "/log/1", &r.err));
	cr_expect_eq(only(&r, &list, id).last_build, 0);
	ok(&r, jobs_finish(r.cat, id, BUILD_FAILED, "why", &r.err));
	ok(&r, builds_start(r.cat, &build, &begun, &r.err));
	ok(&r, jobs_start(r.cat, id, "/log/2", &r.err));
	job = only(&r, &list, id);
	cr_expect_eq(job.status, BUILD_RUNNING);
	cr_expect_null(job.error);
	cr_expect_eq(job.last_build, begun);
	cr_expect_eq(job.finished_at, 0);
	cr_expect_str_eq(job.log_path, "/log/2");
	job_list_release(&list);
	room_close(&r);
}

Test(jobs, go_with_their_image)
{
	struct image_row row = room_image(1);
	struct room r;
	int64_t id;

	room_open(&r);
	id = room_put(&r, &row);
	ok(&r, jobs_start(r.cat, id, "/log/1", &r.err));
	ok(&r, images_forget(r.cat, id, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM jobs"), 0);
	room_close(&r);
}
