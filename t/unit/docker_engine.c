/* SPDX-License-Identifier: MIT */
/* Answers as engine 26.1.5 gave them, cut to what is looked at. */
#include "docker_server.h"

#include "base/mem.h"
#include "base/strv.h"
#include "docker/engine.h"
#include "imgcache.h"
#include "sys/file.h"

#define ID "sha256:faaab286ba879933c1748446e8086bb09c62b4b4b8221c3b92f272828b" \
	"9d88c9"
#define ANSWER(status, body) \
	"HTTP/1.1 " status "\r\nServer: Docker\r\nConnection: close\r\n" \
	"\r\n" body

#define IMAGE "{\"Id\":\"" ID "\",\"RepoTags\":[\"dk:1\",\"<none>:<none>\"]," \
	"\"RepoDigests\":[\"dk@" ID "\"]," \
	"\"Created\":\"2026-11-20T20:14:17.211599358Z\"," \
	"\"Config\":{\"User\":\"app\",\"Env\":[\"A=b\"]," \
	"\"OnBuild\":[\"RUN x\"]," \
	"\"Labels\":{\"io.imgcache.key\":\"g1-1\",\"x\":\"\"}}," \
	"\"Architecture\":\"arm64\",\"Variant\":\"v8\",\"Os\":\"linux\"," \
	"\"Size\":1109202,\"GraphDriver\":{\"Data\":null," \
	"\"Name\":\"overlayfs\"}}"
/* The same by an older engine that leaves something out. */
#define OLD(version, id) "HTTP/1.1 200 OK\r\nApi-Version: " version \
	"\r\nConnection: close\r\n\r\n{\"Id\":\"" id "\"," \
	"\"RepoDigests\":[\"dk@" ID "\"],\"Config\":{\"OnBuild\":null}}"
#define INFO(driver) "{\"ID\":\"edc9\",\"Driver\":\"" driver "\"," \
	"\"DriverStatus\":[[\"driver-type\"," \
	"\"io.containerd.snapshotter.v1\"]],\"CgroupVersion\":\"2\"," \
	"\"ServerVersion\":\"26.1.5\",\"NCPU\":2,\"SecurityOptions\":" \
	"[\"name=rootless\"],\"Warnings\":null}"
#define VERSION "{\"ApiVersion\":\"1.45\",\"Arch\":\"amd64\"}"

static const struct served rows[] = {
	{ "GET /images/dk:1/json ", ANSWER("200 OK", IMAGE), true, 0, 0 },
	{ "GET /images/old:1/json ", OLD("1.43", ID), true, 0, 0 },
	{ "GET /images/classic:1/json ", OLD("1.43", "sha256:1"), true, 0, 0 },
	{ "GET /images/new:1/json ", OLD("1.44", ID), true, 0, 0 },
	{ "GET /images/half/json ", ANSWER("200 OK", "{\"Id\":\"sha"), true, 0,
	  0 },
	{ "GET /images/noid/json ", ANSWER("200 OK", "{}"), true, 0, 0 },
	{ "GET /images/gone/json ", ANSWER("404 Not Found", "{\"message\":"
	  "\"No such image: gone:latest\"}"), true, 0, 0 },
	{ "GET /images/other/json ", ANSWER("404 Not Found", "404 page not "
	  "found"), true, 0, 0 },
	{ "GET /images/ill/json ", ANSWER("500 Internal Server Error",
	  "{\"message\":\"layer does not exist\"}"), true, 0, 0 },
	{ "GET /images/json?filters=%7B%22label%22%3A%5B%22k%22%5D%7D ",
	  ANSWER("200 OK", "[{\"Id\":\"sha256:b\",\"RepoTags\":null,"
	  "\"Labels\":{\"k\":\"v\"},\"Created\":1795205657,\"Size\":7},"
	  "{\"Id\":\"sha256:a\",\"RepoTags\":[\"x:1\"],\"Labels\":null,"
	  "\"Created\":1,\"Size\":8}]"), true, 0, 0 },
	{ "GET /containers/json?all=1 ", ANSWER("200 OK", "[{\"Id\":\"88f7\","
	  "\"Names\":[\"/dk-c1\"],\"Image\":\"dk:1\",\"ImageID\":\"" ID "\","
	  "\"State\":\"running\"}]"), true, 0, 0 },
	{ "GET /containers/json?all=1&filters=%7B%22ancestor%22%3A%5B%22x%22",
	  ANSWER("200 OK", "[]"), true, 0, 0 },
	{ "DELETE /images/last:1 ", ANSWER("200 OK", "[{\"Untagged\":"
	  "\"last:1\"},{\"Deleted\":\"sha256:1\"}]"), true, 0, 0 },
	{ "DELETE /images/one:1 ", ANSWER("200 OK", "[{\"Untagged\":"
	  "\"one:1\"}]"), true, 0, 0 },
	{ "DELETE /images/gone:1 ", ANSWER("404 Not Found", "{\"message\":"
	  "\"No such image: gone:1\"}"), true, 0, 0 },
	{ "DELETE /images/used:1 ", ANSWER("409 Conflict", "{\"message\":"
	  "\"conflict: unable to delete\"}"), true, 0, 0 },
	{ "DELETE /images/ill:1 ", ANSWER("500 X", "{\"message\":\"oops\"}"),
	  true, 0, 0 },
	{ "POST /images/sha256:1/tag?repo=localhost%3A5000%2Fx&tag=2 ",
	  ANSWER("201 Created", ""), true, 0, 0 },
	{ "POST /images/sha256:2/tag?repo=x&tag=latest ",
	  ANSWER("404 Not Found", "{\"message\":\"No such image: x\"}"), true,
	  0, 0 },
	{ "POST /containers/88f7/stop?t=3 ", "HTTP/1.1 204 No Content\r\n"
	  "\r\n", true, 0, 0 },
	{ "GET /info ", ANSWER("200 OK", INFO("overlayfs")), true, 0, 0 },
	{ "GET /version ", ANSWER("200 OK", VERSION), true, 0, 0 },
	{ "GET /system/df?type=image&type=build-cache&verbose=1 ",
	  ANSWER("200 OK", "{\"LayersSize\":100,"
	  "\"Images\":[{\"Id\":\"sha256:2\",\"Size\":9,\"SharedSize\":4,"
	  "\"Containers\":1},{\"Id\":\"sha256:1\"}],\"BuildCache\":[{\"Size\":"
	  "5,\"InUse\":true},{\"Size\":6,\"InUse\":false}]}"), true, 0, 0 },
	{ .request = NULL }
};

/* The same daemon on the other driver, as after a change of its store. */
static const struct served moved[] = {
	{ "GET /images/dk:1/json ", ANSWER("200 OK", IMAGE), true, 0, 0 },
	{ "GET /info ", ANSWER("200 OK", INFO("stargz")), true, 0, 0 },
	{ "GET /version ", ANSWER("200 OK", VERSION), true, 0, 0 },
	{ .request = NULL }
};

static struct endpoint endpoint;
static struct engine *e;
static struct imgcache_error err;
static char memo[] = "/tmp/imgcache-engine-XXXXXX";

static struct engine *
open_engine(void)
{
	return engine_new(&(struct engine_options){ .endpoint = &endpoint,
						    .memo_dir = memo });
}

static void
begin(const struct served *served)
{
	cr_assert_not_null(mkdtemp(memo));
	server_start(served);
	endpoint.kind = ENDPOINT_UNIX;
	endpoint.path = server_path;
	endpoint.text = memo;		/* any text will do */
	e = open_engine();
}

static void
set_up(void)
{
	begin(rows);
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	engine_free(e);
	server_stop();
	file_remove_tree(AT_FDCWD, memo, &ignored);
}

TestSuite(engine, .init = set_up, .fini = tear_down);

Test(engine, an_image_with_all_that_is_known)
{
	struct engine_image image;

	cr_assert_eq(engine_image(e, "dk:1", &image, &err), 0, "%s", err.text);
	cr_expect_str_eq(image.id, ID);
	cr_expect_str_eq(image.tags[0], "dk:1");
	cr_expect_null(image.tags[1]);
	cr_expect_str_eq(image.digests[0], "dk@" ID);
	cr_expect_str_eq(engine_image_label(&image, "io.imgcache.key"),
			 "g1-1");
	cr_expect_str_eq(engine_image_label(&image, "x"), "");
	cr_expect_null(engine_image_label(&image, "y"));
	cr_expect(engine_image_has_tag(&image, "dk:1"));
	cr_expect_not(engine_image_has_tag(&image, "dk:2"));
	cr_expect_eq(image.size_bytes, 1109202);
	cr_expect_eq(image.created, 1795205657);
	cr_expect_str_eq(image.os, "linux");
	cr_expect_str_eq(image.arch, "arm64");
	cr_expect_str_eq(image.variant, "v8");
	cr_expect_str_eq(image.driver, "overlayfs");
	cr_expect_str_eq(image.onbuild[0], "RUN x");
	cr_expect_str_eq(image.env[0], "A=b");
	cr_expect_str_eq(image.user, "app");
	cr_expect_null(image.shell[0]);
	engine_image_release(&image);
}

static void
expect_onbuild(const char *ref, bool expected)
{
	struct engine_image image;

	cr_assert_eq(engine_image(e, ref, &image, &err), 0, "%s", err.text);
	cr_expect_eq(image.has_onbuild, expected, "%s", ref);
	engine_image_release(&image);
}

Test(engine, triggers_are_not_known_where_an_engine_leaves_them_out)
{
	expect_onbuild("dk:1", true);
	expect_onbuild("old:1", false);
	expect_onbuild("classic:1", true);
	expect_onbuild("new:1", true);
}

static void
expect_answer(const char *ref, int expected)
{
	struct engine_image image;

	err = (struct imgcache_error){ 0 };
	cr_expect_eq(engine_image(e, ref, &image, &err), expected, "%s: %s",
		     ref, err.text);
	cr_expect_eq(err.code, expected);
	engine_image_release(&image);
}

Test(engine, a_no_is_only_what_docker_itself_denies)
{
	expect_answer("gone", IMGCACHE_ENO);
	expect_answer("other", IMGCACHE_EUNKNOWN);
	expect_answer("ill", IMGCACHE_EUNKNOWN);
	expect_answer("half", IMGCACHE_EUNKNOWN);
	expect_answer("noid", IMGCACHE_EUNKNOWN);
	server_stop();
	expect_answer("dk:1", IMGCACHE_EUNKNOWN);
}

Test(engine, what_is_no_name_is_never_asked)
{
	static const char *const refs[] = { "", "-x", "a/../b", "/x", "a b",
					    "a?b", "a%2fb", "a#b", "a\nb",
					    "a//b" };

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		expect_answer(refs[i], IMGCACHE_EUNKNOWN);
}

Test(engine, images_by_label_come_by_id)
{
	struct engine_images list;

	cr_assert_eq(engine_images(e, "k", &list, &err), 0, "%s", err.text);
	cr_assert_eq(list.n, 2);
	cr_expect_str_eq(list.v[0].id, "sha256:a");
	cr_expect_str_eq(list.v[0].tags[0], "x:1");
	cr_expect_str_eq(list.v[1].id, "sha256:b");
	cr_expect_null(list.v[1].tags[0]);
	cr_expect_str_eq(engine_image_label(&list.v[1], "k"), "v");
	cr_expect_eq(list.v[1].created, 1795205657);
	engine_images_release(&list);
}

Test(engine, containers_and_those_of_an_image)
{
	struct engine_containers list;

	cr_assert_eq(engine_containers(e, NULL, &list, &err), 0);
	cr_assert_eq(list.n, 1);
	cr_expect_str_eq(list.v[0].name, "dk-c1");
	cr_expect_str_eq(list.v[0].image_id, ID);
	cr_expect_str_eq(list.v[0].state, "running");
	engine_containers_release(&list);
	cr_assert_eq(engine_containers(e, "x", &list, &err), 0, "%s",
		     err.text);
	cr_expect_eq(list.n, 0);
	engine_containers_release(&list);
}

static void
expect_removed(const char *ref, enum engine_removed expected)
{
	enum engine_removed removed;
	char *why;

	cr_assert_eq(engine_remove(e, ref, &removed, &why, &err), 0, "%s",
		     err.text);
	cr_expect_eq(removed, expected, "%s: %d", ref, (int)removed);
	cr_expect_eq(why != NULL, expected == ENGINE_IN_USE);
	cr_expect_eq(err.code, 0);
	free(why);
}

Test(engine, removal_says_what_became_of_it)
{
	enum engine_removed removed;

	expect_removed("last:1", ENGINE_REMOVED);
	expect_removed("one:1", ENGINE_UNTAGGED);
	expect_removed("gone:1", ENGINE_GONE);
	expect_removed("used:1", ENGINE_IN_USE);
	cr_expect_eq(engine_remove(e, "ill:1", &removed, NULL, &err),
		     IMGCACHE_EUNKNOWN);
}

Test(engine, a_tag_is_split_from_its_repository)
{
	cr_expect_eq(engine_tag(e, "sha256:1", "localhost:5000/x:2", &err), 0,
		     "%s", err.text);
	cr_expect_eq(engine_tag(e, "sha256:2", "x", &err), IMGCACHE_ENO);
}

Test(engine, a_container_is_stopped)
{
	cr_expect_eq(engine_stop(e, "88f7", 3, &err), 0, "%s", err.text);
}

Test(engine, what_the_engine_is)
{
	struct engine_info info;
	struct engine_disk d;

	cr_assert_eq(engine_info(e, &info, &err), 0, "%s", err.text);
	cr_expect_str_eq(info.version, "26.1.5");
	cr_expect_str_eq(info.api, "1.45");
	cr_expect_str_eq(info.store, "containerd");
	cr_expect(info.rootless);
	cr_expect_null(info.warnings[0]);
	engine_info_release(&info);
	cr_assert_eq(engine_disk(e, &d, &err), 0);
	cr_expect_eq(d.layers_bytes, 100);
	cr_expect_eq(d.images, 2);
	cr_expect_eq(d.build_cache_bytes, 11);
	cr_expect_eq(d.build_cache_free_bytes, 6);
	cr_expect_eq(engine_disk_find(&d, "sha256:2")->shared_bytes, 4);
	cr_expect_eq(engine_disk_find(&d, "sha256:1")->shared_bytes, -1);
	cr_expect_null(engine_disk_find(&d, "sha256:3"));
	engine_disk_release(&d);
}

Test(engine, its_identity_is_remembered_for_the_socket)
{
	const char *identity;

	cr_assert_eq(engine_identity(e, &identity, &err), 0, "%s", err.text);
	cr_expect_str_eq(identity, "edc9/containerd:overlayfs");
	engine_free(e);
	kill(server_pid, SIGKILL);
	e = open_engine();
	cr_assert_eq(engine_identity(e, &identity, &err), 0, "%s", err.text);
	cr_expect_str_eq(identity, "edc9/containerd:overlayfs");
}

Test(engine, another_socket_is_another_daemon_until_asked)
{
	const char *identity;

	cr_assert_eq(engine_identity(e, &identity, &err), 0);
	engine_free(e);
	server_stop();
	server_start(moved);
	e = open_engine();
	cr_assert_eq(engine_identity(e, &identity, &err), 0, "%s", err.text);
	cr_expect_str_eq(identity, "edc9/containerd:stargz");
}

Test(engine, an_image_on_another_driver_drops_the_memo)
{
	const char *identity;
	struct engine_image image;

	engine_free(e);
	server_stop();
	server_start(moved);
	e = open_engine();
	cr_assert_eq(engine_identity(e, &identity, &err), 0);
	cr_expect_str_eq(identity, "edc9/containerd:stargz");
	cr_assert_eq(engine_image(e, "dk:1", &image, &err), 0);
	engine_image_release(&image);
	server_stop();
	cr_expect_eq(engine_identity(e, &identity, &err), IMGCACHE_EUNKNOWN,
		     "still remembered");
}
