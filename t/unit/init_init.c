/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "init/init.h"
#include "recipe/yaml.h"
#include "source_room.h"

static struct arena arena;

static void
forget(void)
{
	arena_release(&arena);
}

TestSuite(init, .fini = forget);

static void
version(const char *range, int parts, const char *standard, const char *is)
{
	cr_expect_str_eq(init_version(&arena, range, parts, standard), is,
			 "%s", range);
}

Test(init, a_version_is_read_from_a_range)
{
	version(NULL, 2, "3.12", "3.12");
	version("", 2, "3.12", "3.12");
	version("3.11.4\n", 2, "3.12", "3.11");
	version("==3.10.*", 2, "3.12", "3.10");
	version("~=3.9", 2, "3.12", "3.9");
	version("^20.1.0", 1, "22", "20");
	version("v18", 1, "22", "18");
	version("lts/iron", 1, "22", "22");
	version("3", 2, "3.12", "3");
	version("3.", 2, "3.12", "3");
}

Test(init, a_range_without_an_end_holds_the_standard)
{
	version(">=18", 1, "22", "22");
	version(">= 24", 1, "22", "24");
	version(">=3.9", 2, "3.12", "3.12");
	version(">3.13", 2, "3.12", "3.13");
	version(">=3.9,<3.11", 2, "3.12", "3.9");
	version(">=16 || >=18", 1, "22", "16");
}

static void
variables(const char *text, const char *is)
{
	struct init in = { .arena = &arena };
	const char *got = init_variables(&in, text);

	cr_expect(str_is(got, is), "'%s' is '%s'", text, got ? got : "none");
}

Test(init, variables_of_compose_become_ours)
{
	variables("plain", "plain");
	variables("", "");
	variables("$A", "${A:-}");
	variables("x${A}y", "x${A:-}y");
	variables("${A:-b c}", "${A:-b c}");
	variables("${A-b}", "${A:-b}");
	variables("${A:?say so}", "${A}");
	variables("${A?}", "${A}");
	variables("$$A", "$A");
	variables("$${A}", "$${A}");
	variables("a$", "a$");
	variables("${A:+b}", NULL);
	variables("${A:-${B}}", NULL);
	variables("${}", NULL);
	variables("${A", NULL);
}

Test(init, paths_stay_below_the_root)
{
	struct init in = { .arena = &arena, .root = "/r/p" };

	cr_expect_str_eq(init_path(&in, "a", "b"), "a/b");
	cr_expect_str_eq(init_path(&in, "a", ".."), ".");
	cr_expect_str_eq(init_path(&in, "a", "../c/./d/"), "c/d");
	cr_expect_str_eq(init_path(&in, ".", "/r/p/x"), "x");
	cr_expect_null(init_path(&in, "a", "../.."));
	cr_expect_null(init_path(&in, ".", "../pp"));
	cr_expect_null(init_path(&in, ".", "/r/pp"));
	cr_expect_str_eq(init_dir_name(&in, "."), "p");
	cr_expect_str_eq(init_dir_name(&in, "a/b"), "b");
}

Test(init, names_are_made_of_what_is_wanted)
{
	struct init in = { .arena = &arena };
	static const char *const v[][2] = {
		{ "api", "api" }, { "api", "api-2" }, { "API", "api-3" },
		{ "-My App!", "my-app" }, { "...", "app" }, { "", "app-2" },
		{ "a.b_c", "a.b_c" }, { "\xc3\xa9x", "x" },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		cr_expect_str_eq(init_image_new(&in, v[i][0], "")->name,
				 v[i][1]);
	init_images_release(&in);
}

static void
assignments(const char *yaml, bool ok, const char *is)
{
	struct init in = { .arena = &arena };
	struct strv out = { 0 };
	struct yaml_doc doc = { 0 };
	struct buf b = BUF_INIT;

	cr_assert_eq(yaml_parse(&doc, "y", yaml, strlen(yaml), &err), 0, "%s",
		     err.text);
	cr_expect_eq(init_assignments(&in, yaml_get(doc.root, "a"), &out), ok,
		     "%s", yaml);
	for (size_t i = 0; ok && i < out.n; i++)
		buf_addf(&b, "%s;", out.v[i]);
	cr_expect_str_eq(b.data, is);
	buf_release(&b);
	strv_release(&out);
	yaml_release(&doc);
}

Test(init, assignments_are_a_mapping_or_a_list)
{
	assignments("a: {X: 1, Y: '', Z: }", true, "X=1;Y=;Z;");
	assignments("a: [X=1=2, Y, 'Z=$V']", true, "X=1=2;Y;Z=${V:-};");
	assignments("a:", true, "");
	assignments("b: 1", true, "");
	assignments("a: text", false, "");
	assignments("a: {X: [1]}", false, "");
	assignments("a: [{X: 1}]", false, "");
	assignments("a: {X: '${Y:+1}'}", false, "");
}

static void
pyproject(const char *text, const char *python, const char *deps)
{
	struct init_pyproject p;
	struct buf b = BUF_INIT;

	init_pyproject_read(&arena, text, &p);
	cr_expect(str_is(p.requires_python, python), "%s", text);
	for (size_t i = 0; i < p.dependencies.n; i++)
		buf_addf(&b, "%s|", p.dependencies.v[i]);
	cr_expect_str_eq(b.data, deps);
	buf_release(&b);
	init_pyproject_release(&p);
}

Test(init, dependencies_of_a_pyproject)
{
	pyproject("[build-system]\nrequires = ['x']\n\n[project]\n"
		  "name = \"p\"\nrequires-python = \">=3.10\"\n"
		  "dependencies = [\n  \"a >= 1, < 2\", # why\n  'b[c]',\n]\n"
		  "[project.optional-dependencies]\ndev = [\"d\"]\n"
		  "[tool.x]\ndependencies = [\"e\"]\n",
		  ">=3.10", "a >= 1, < 2|b[c]|");
	pyproject("[project]\r\ndependencies=[]\r\n", NULL, "");
	pyproject("[project]\ndependencies = [\"a\"", NULL, "a|");
	pyproject("[project]\ndependencies = [\"a", NULL, "");
	pyproject("dependencies = [\"a\"]", NULL, "");
	pyproject("[project]\ndynamic = ['dependencies']\n", NULL, "");
	pyproject("", NULL, "");
}

Test(init, a_pyproject_in_the_rarer_ways_of_toml)
{
	pyproject("[project]\ndependencies = [\"a>=1; python_version<"
		  "\\\"3\\\"\", \"b @ https://x/y.whl\",\"flask>=2\"]\n",
		  NULL, "a>=1; python_version<\"3\"|b @ https://x/y.whl|"
		  "flask>=2|");
	pyproject("[ project ] # x\ndependencies = [ # \"no\"\n"
		  "  'a; x<\"3\\', # it's\n\n # \"no\"\n"
		  "  \"\"\"b\\\n   ==1\"\"\", '''\nc'd''',"
		  "\"\\u0064\\U00000065\",\n]\n"
		  "\"requires-python\" = '>=3.10'\n", ">=3.10",
		  "a; x<\"3\\|b==1|c'd|de|");
	pyproject("text = \"\"\"\n[project]\ndependencies = ['no']\n\"\"\"\n"
		  "project.dependencies = ['a']\n", NULL, "a|");
	pyproject("n = 1979-05-27 07:32:00 # x\nproject = { name = \"p\", "
		  "dependencies = ['a', \"b\"] }\n", NULL, "a|b|");
	pyproject("[[x]]\ny = [[1, 2], [\"z\"], {a = true}]\n[project]\n"
		  "dependencies = [\"\"\"a\"\"\"\"]", NULL, "a\"|");
}

Test(init, where_a_pyproject_is_no_toml)
{
	static const struct {
		const char *text;
		int line;
	} cases[] = {
		{ "", 0 }, { "a = 1", 0 }, { "\n\na = 'x\n", 3 },
		{ "a = 1\nb = \n", 2 }, { "a = [1\n2]", 2 },
		{ "[a\n", 1 }, { "a = \"\\q\"", 1 }, { "a = \"\\u00", 1 },
		{ "a = 'b' c", 1 }, { "a = \"\"\"x\n", 2 }, { "= 1", 1 },
		{ "a = \"\\u0000\"", 1 }, { "a = \"\\uD800\"", 1 },
	};
	struct init_pyproject p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		init_pyproject_read(&arena, cases[i].text, &p);
		cr_expect_eq(p.bad_line, cases[i].line, "%s: %d",
			     cases[i].text, p.bad_line);
		init_pyproject_release(&p);
	}
}

TestSuite(init_find, .init = room_enter, .fini = room_leave);

Test(init_find, files_by_what_they_are)
{
	static const char *const expect[INIT_KINDS] = {
		[INIT_DOCKERFILE] = "Dockerfile Dockerfile.dev "
			"a/Containerfile a/x.Dockerfile ",
		[INIT_COMPOSE] = "docker-compose.yml a/compose.yaml ",
		[INIT_BAKE] = "docker-bake.json ",
		[INIT_BAKE_HCL] = "docker-bake.hcl ",
		[INIT_DEVCONTAINER] = ".devcontainer.json "
			".devcontainer/devcontainer.json ",
		[INIT_PACKAGE_JSON] = "a/package.json ",
		[INIT_REQUIREMENTS] = "dev-requirements.txt requirements.txt "
			"a/requirements-x.txt ",
		[INIT_PYPROJECT] = "pyproject.toml ",
		[INIT_APT] = "apt.txt ",
	};
	static const char *const others[] = {
		"node_modules/x/Dockerfile", ".hidden/Dockerfile",
		"vendor/package.json", "Dockerfile.dockerignore",
		"Dockerfile.j2", "devcontainer.json", "requirements.in",
		"a/b/c/d/e/f/g/Dockerfile", "xDockerfile", "compose.yaml.bak",
	};
	struct init_found f;

	for (int i = 0; i < INIT_KINDS; i++) {
		struct strv names = { 0 };

		strv_split(&names, expect[i], " ");
		for (size_t k = 0; k < names.n; k++)
			put(names.v[k], "");
		strv_release(&names);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		put(others[i], "");
	cr_assert_eq(symlink("Dockerfile", "Dockerfile.link"), 0);
	put("Dockerfile.\x01", "");
	init_find(top, &f);
	for (int i = 0; i < INIT_KINDS; i++) {
		struct buf b = BUF_INIT;

		for (size_t k = 0; k < f.of[i].n; k++)
			buf_addf(&b, "%s ", f.of[i].v[k]);
		cr_expect_str_eq(b.data, expect[i]);
		buf_release(&b);
	}
	cr_expect(f.is_odd);
	cr_expect(f.is_cut);
	init_found_release(&f);
}

Test(init, what_is_foreign_ends_no_line_of_the_file)
{
	static const char odd[] = "a \"\\ \n\x01\x7f\xff\xc2\x85\xe2\x80\xa8 "
		"\xef\xbb\xbf\xc3\xa9 #: x";
	struct init in = { .arena = &arena };
	struct init_image *m = init_image_new(&in, "x", odd);
	struct yaml_doc doc = { 0 };
	struct buf text = BUF_INIT;
	const struct yaml_node *target;

	strv_push(&m->comments, odd);
	strv_push(&in.read, odd);
	m->target = "\xc2\x85\xe2\x80\xa8\t\"\xc3\xa9";
	m->network = "\xff";
	for (int i = 0; i < 2; i++) {
		buf_clear(&text);
		init_write(&in, &text);
		cr_assert_eq(yaml_parse(&doc, "y", text.data, text.len, &err),
			     0, "%s\n%s", err.text, text.data);
		target = yaml_get(yaml_get(yaml_get(doc.root, "images"), "x"),
				  "target");
		if (i)
			cr_expect_null(target);
		else
			cr_expect_str_eq(yaml_text(target), m->target);
		yaml_release(&doc);
		m->reason = odd;
	}
	buf_release(&text);
	strv_release(&in.read);
	init_images_release(&in);
}
