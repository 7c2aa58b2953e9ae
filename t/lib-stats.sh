# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the scripts of stats: lib.sh, and a catalog of made-up days whose sums
# are known. The clock stands at noon of 2026-03-10.
#
#	api	builds of 10, 20 and 60 s and one that failed, 40 steps of
#		which 10 cached; 6 local hits, 2 remote, 3 misses, 1 unknown
#	web	a build of 400 s; 1 local hit, 1 miss
#	g1-f..	from flags: a miss
#
#	stats WORD...	imgcache stats, at that noon
#	is FILTER VALUE	of what stats --json says

# shellcheck source=t/lib.sh
. "$(dirname "$0")/lib.sh"

stats() {
	COLUMNS=80 faketime -f '@2026-03-10 12:00:00' imgcache stats "$@"
}

is() {
	actual=$(stats --json | jq -c "$1")
	if [ "$actual" != "$2" ]; then
		echo "$1 is $actual instead of $2"
		return 1
	fi
}

# many_images DIR N: a copy of the catalog with N images more.
many_images() {
	cp -r "$IMGCACHE_DIR" "$1" && sqlite3 "$1/catalog.db" "
		WITH RECURSIVE d(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM d
			WHERE n < $2)
		INSERT INTO images (engine, tag, platform, status, hash, ref,
			name, recipe, origin, size_bytes, created_at)
		SELECT 1, 'g1-c' || n, 'p', 'completed', 'git', 'r',
			'image-' || n, 'dockerfile', 'built', 1, 1 FROM d"
}

TZ=UTC
flags_tag=g1-$(printf 'f%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 \
	20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40)
export TZ flags_tag
imgcache stats >/dev/null

# Noon of the day N days before the last.
cat >fill.sql <<SQL
CREATE TEMP TABLE noon AS WITH RECURSIVE d(n) AS (VALUES(0) UNION ALL
	SELECT n + 1 FROM d WHERE n < 30)
	SELECT n, 1773144000 - n * 86400 - 3600 AS at FROM d;
INSERT INTO engines (id, name) VALUES (1, 'E');
INSERT INTO images (engine, tag, platform, status, hash, ref, name, recipe,
	origin, size_bytes, hits, created_at, pinned)
VALUES (1, 'g1-a1', 'p', 'completed', 'git', 'r:1', 'api', 'dockerfile',
	'built', 300000000, 8, 1, 1),
	(1, 'g1-a2', 'p', 'completed', 'git', 'r:2', 'api', 'dockerfile',
	'built', 200000000, 0, 1, 0),
	(1, 'g1-b1', 'p', 'completed', 'git', 'r:3', 'web', 'dockerfile',
	'built', 1500000000, 1, 1, 0);
CREATE TEMP TABLE l (day, tag, name, result, reason, n, us, saved);
INSERT INTO l VALUES
	(9, 'g1-a1', 'api', 'miss', 'never-built', 1, 5000, 0),
	(2, 'g1-a1', 'api', 'miss', 'inputs-changed', 2, 5000, 0),
	(2, 'g1-a1', 'api', 'hit-local', 'hit', 2, 8000, 40000000),
	(0, 'g1-a1', 'api', 'hit-local', 'hit', 4, 16000, 80000000),
	(0, 'g1-a1', 'api', 'hit-remote', 'hit', 2, 12000000, 30000000),
	(0, 'g1-a1', 'api', 'unknown', 'engine-unknown', 1, 5000, 0),
	(2, 'g1-b1', 'web', 'miss', 'never-built', 1, 5000, 0),
	(1, 'g1-b1', 'web', 'hit-local', 'hit', 1, 4000, 400000000),
	(0, '$flags_tag', NULL, 'miss', 'never-built', 1, 5000, 0);
INSERT INTO lookups (at, n, engine, tag, platform, name, verb, result, reason,
	us, saved_us)
SELECT noon.at, l.n, 1, tag, 'p', name, 'get', result, reason, us, saved
FROM l JOIN noon ON noon.n = l.day;
CREATE TEMP TABLE b (id, day, tag, name, status, us, context);
INSERT INTO b VALUES
	(1, 9, 'g1-a1', 'api', 'completed', 20000000, 10000000),
	(2, 2, 'g1-a1', 'api', 'completed', 10000000, 60000000),
	(3, 2, 'g1-a1', 'api', 'completed', 60000000, NULL),
	(4, 2, 'g1-a1', 'api', 'failed', 5000000, NULL),
	(5, 2, 'g1-b1', 'web', 'completed', 400000000, 1000),
	(6, 0, 'g1-b1', 'web', 'interrupted', 1000000, 1000);
INSERT INTO builds (id, engine, tag, platform, status, name, started_at,
	duration_us, reason, steps_total, steps_cached, context_bytes)
SELECT id, 1, tag, 'p', status, name, noon.at, us, 'never-built', 10,
	iif(name = 'api' AND day = 2 AND id < 4, 5, 0), context
FROM b JOIN noon ON noon.n = b.day;
INSERT INTO steps VALUES
	(1, 1, '[1/2] FROM docker.io/library/busybox', 1, 0),
	(1, 2, '[2/2] RUN --mount=type=cache,target=/x  make', 0, 15000000),
	(2, 2, '[2/2] RUN --mount=type=cache,target=/x  make', 0, 9000000),
	(3, 2, '[2/2] RUN --mount=type=cache,target=/x  make', 1, 3),
	(5, 2, '[2/2] COPY . <&>', 0, 390000000);
SQL
sqlite3 "$IMGCACHE_DIR/catalog.db" <fill.sql || exit 1
