/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "lint/install.h"

static const char *const acts[] = {
	"other", "index", "install", "upgrade", "clean"
};

/* "apt-get install [a b] local file global | text". The caller frees. */
static char *
show(const char *text)
{
	struct arena arena = { 0 };
	struct shell_script script;
	struct lint_install in;
	struct buf out = BUF_INIT;
	char shown[64];

	shell_parse(&arena, text, strlen(text), &script);
	cr_assert_eq(script.n, 1, "%s", text);
	if (!lint_install_read(&in, &script.v[0])) {
		buf_adds(&out, "none");
	} else {
		buf_addf(&out, "%s %s", lint_manager(in.manager)->word,
			 acts[in.act]);
		for (size_t i = 0; i < in.n_names; i++)
			buf_addf(&out, " [%s]", in.names[i]->text);
		if (in.manifest)
			buf_addf(&out, " <%s>", in.manifest->text);
		buf_adds(&out, in.by_manifest ? " file" : "");
		buf_adds(&out, in.is_local ? " local" : "");
		buf_adds(&out, in.is_global ? " global" : "");
		buf_addf(&out, " | %s", lint_install_text(&in, shown));
	}
	lint_install_release(&in);
	arena_release(&arena);
	return buf_detach(&out);
}

Test(lint_install, commands)
{
	static const struct {
		const char *text, *expect;
	} rows[] = {
		{ "ls", "none" }, { "A=1", "none" },
		{ "apt-get update", "apt-get index | apt-get update" },
		{ "sudo apt -qq -o X=y install -y --no-install-recommends a "
		  "b=1", "apt-get install [a] [b=1] | apt install" },
		{ "apt-get install ./x.deb",
		  "apt-get install local | apt-get install" },
		{ "apt-get clean", "apt-get clean | apt-get clean" },
		{ "apt-get -y purge x", "apt-get other | apt-get" },
		{ "apk add --no-cache -t .deps gcc",
		  "apk install [gcc] | apk add" },
		{ "microdnf install -y x", "dnf install [x] | microdnf install" },
		{ "yum -y update", "dnf upgrade | yum update" },
		{ "pip install -r req.txt -c c.txt",
		  "pip install <req.txt> file | pip install -r req.txt" },
		{ "pip install -rreq.txt x", "pip install [x] <-rreq.txt> file "
		  "| pip install -rreq.txt" },
		{ "python3 -m pip --no-cache-dir install --user 'a[b]==1' c",
		  "pip install [a[b]==1] [c] | python3 -m pip install" },
		{ "pip3.11 install -e . --index-url https://x",
		  "pip install local | pip3.11 install" },
		{ "pip install . ./x y.whl", "pip install local | pip install" },
		{ "pip --version", "pip other | pip" },
		{ "uv pip install x", "uv install [x] | uv pip install" },
		{ "uv sync --frozen", "uv install file | uv sync" },
		{ "npm ci", "npm install file | npm ci" },
		{ "xargs -a f apt-get install -y <g",
		  "apt-get install file | apt-get install" },
		{ "sudo xargs -0 -n 1 --max-procs=2 -I{} pip3 install {}",
		  "pip install file | pip3 install" },
		{ "xargs -n 1 echo apt-get install", "none" },
		{ "xargs", "none" }, { "xargs -n", "none" },
		{ "npm install -g @a/b@1 c", "npm install [@a/b@1] [c] global "
		  "| npm install" },
		{ "npm --prefix web install", "npm install file | npm install" },
		{ "npm cache clean --force", "npm clean | npm cache clean" },
		{ "npm run install", "npm other | npm" },
		{ "npm install --help", "npm other file | npm install" },
		{ "yarn", "yarn install file | yarn" },
		{ "yarn --frozen-lockfile", "yarn install file | yarn" },
		{ "yarn build", "yarn other | yarn" },
		{ "yarn global add x", "yarn install [x] | yarn global add" },
		{ "corepack pnpm i", "pnpm install file | pnpm i" },
		{ "go mod download", "go install file | go mod download" },
		{ "go build ./...", "go other | go" },
		{ "./mvnw -q dependency:go-offline",
		  "mvn install file | ./mvnw dependency:go-offline" },
		{ "conda env create -f e.yml",
		  "conda install file | conda env create" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *actual = show(rows[i].text);

		cr_expect_str_eq(actual, rows[i].expect, "%s\n  gives %s",
				 rows[i].text, actual);
		free(actual);
	}
}

Test(lint_install, a_long_text_is_cut)
{
	char text[400] = "pip install -r ";
	char *shown;

	memset(text + strlen(text), 'x', 300);
	shown = show(text);
	cr_expect_str_eq(strrchr(shown, '|') + 59, "...", "%s", shown);
	free(shown);
}

static void
check_name(const char *text, const char *expect)
{
	struct arena arena = { 0 };
	struct shell_script script;
	struct lint_install in;
	char name[128];

	shell_parse(&arena, text, strlen(text), &script);
	cr_assert(lint_install_read(&in, &script.v[0]));
	cr_expect_str_eq(lint_install_name(&in, 0, name), expect);
	lint_install_release(&in);
	arena_release(&arena);
}

Test(lint_install, names_without_versions)
{
	check_name("apt-get install git:amd64=1:2", "git");
	check_name("pip install 'a.b[c]>=1'", "a.b");
	check_name("npm i @types/node@20", "@types/node");
	check_name("npm i left-pad", "left-pad");
}

Test(lint_install, whose_a_mount_is)
{
	cr_expect(lint_manager_owns(LINT_APT, "/var/cache/apt/"));
	cr_expect(lint_manager_owns(LINT_APT, "/var/lib/apt/lists"));
	cr_expect(lint_manager_owns(LINT_PIP, "/home/x/.cache/pip"));
	cr_expect(lint_manager_owns(LINT_NPM, "/root/.npm"));
	cr_expect_not(lint_manager_owns(LINT_NPM, "/root/.cache"));
	cr_expect_not(lint_manager_owns(LINT_PIP, "/root/.cache/go-build"));
}
