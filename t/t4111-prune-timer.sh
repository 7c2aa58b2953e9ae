#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache prune --install-timer` and --remove-timer: systemd where it
# answers, else the crontab, the rest of which nobody touches. What systemctl
# and crontab do is played here; t4112 and t9204 have the real ones.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
unset BUILDX_BUILDER DOCKER_CONFIG
units=$HOME/.config/systemd/user
mkdir -p tools off
PATH=$TRASH/tools:$PATH
export TRASH

# As Debian's: no file and no crontab are different things.
cat >off/crontab <<'SCRIPT'
#!/bin/sh
echo "crontab $*" >>"$TRASH/asked"
if [ -f "$TRASH/broken" ]; then
	echo "crontab: cannot open it: Permission denied" >&2
	exit 1
fi
case $1 in
-l)	[ -f "$TRASH/crontab" ] || { echo "no crontab for me" >&2; exit 1; }
	cat "$TRASH/crontab" ;;
-r)	rm "$TRASH/crontab" ;;
-)	cat >"$TRASH/crontab" ;;
esac
SCRIPT
cat >off/systemctl <<'SCRIPT'
#!/bin/sh
echo "systemctl $*" >>"$TRASH/asked"
case $2 in
show-environment)
	if [ ! -f "$TRASH/user-manager" ]; then
		echo "Failed to connect to bus: No medium found" >&2
		exit 1
	fi ;;
enable)	[ ! -f "$TRASH/refuses" ] || { echo "Failed: no" >&2; exit 1; } ;;
esac
SCRIPT
chmod +x off/*

# with TOOL...: what there is; nothing is installed.
with() {
	rm -rf tools "$units" crontab user-manager broken refuses asked
	mkdir tools
	for tool; do
		[ "$tool" = systemd ] && tool=systemctl && : >user-manager
		cp "off/$tool" tools/
	done
}

test_that 'a copy of the plugin installs a line that works' '
	with crontab && mkdir -p plugins &&
	cp "$TOP/build/imgcache" plugins/docker-imgcache &&
	expect_status 0 plugins/docker-imgcache imgcache prune --install-timer \
		--max-images 9 &&
	sed -n "s/^[0-9]* 3 \* \* \* //p" crontab >line && cat line &&
	grep "/docker-imgcache imgcache prune" line && sh ./line
'

test_that 'cron: a block of its own, and the limits are in it' '
	with crontab && expect_status 0 imgcache prune --max-age 30d \
		--max-size 20GB --keep-last 2 --build-cache \
		--filter until=240h --install-timer &&
	cat stdout crontab && grep "^installed a block in the crontab" stdout &&
	[ "$(wc -l <crontab)" -eq 4 ] && head -n 1 crontab | grep BEGIN &&
	tail -n 1 crontab | grep END &&
	grep -E "^[0-9]+ 3 \* \* \* env .* .*/imgcache prune " crontab &&
	for part in "--max-age=30d" "--max-size=20GB" \
		"--keep-last=2" "--build-cache" "--filter=until=240h" \
		"IMGCACHE_DIR=$IMGCACHE_DIR" "DOCKER_HOST=$DOCKER_HOST"; do
		grep -F -e "$part" crontab || return 1
	done && ! grep -e "--grace" -e "--max-images" crontab
'

test_that 'cron: once more changes nothing and says so' '
	cp crontab before && : >asked &&
	expect_status 0 imgcache prune --max-age 30d --max-size 20GB \
		--keep-last 2 --build-cache --filter until=240h \
		--install-timer && same before crontab &&
	grep "^already there: a block in the crontab" stdout &&
	! grep "crontab -$" asked
'

test_that 'cron: other limits replace it' '
	expect_status 0 imgcache prune --max-images 5 --install-timer &&
	grep "^installed" stdout && [ "$(grep -c BEGIN crontab)" -eq 1 ] &&
	grep -e "--max-images=5$" crontab && ! grep max-age crontab
'

test_that 'cron: the command does it, without an environment' '
	faketime -f -9d imgcache build --base busybox >/dev/null 2>&1 &&
	imgcache prune --max-age 5d --install-timer && sed -n 3p crontab |
		cut -d " " -f 6- | sed "s/\\\\%/%/g" >command && cat command &&
	(cd / && env -i HOME="$HOME" LOGNAME=x SHELL=/bin/sh \
		PATH=/usr/bin:/bin sh -c "$(cat "$TRASH/command")") >out 2>err
	status=$?; cat out err; [ $status -eq 0 ] && ! [ -s err ] &&
	grep "^removed 1 image" out
'

test_that 'cron: removed, and with it a crontab that was not there before' '
	expect_status 0 imgcache prune --remove-timer &&
	grep "^removed the block" stdout && ! [ -e crontab ] &&
	expect_status 0 imgcache prune --remove-timer &&
	grep "^no timer is installed" stdout && ! [ -e crontab ]
'

test_that 'cron: the rest of the crontab stays byte for byte' '
	with crontab && printf "# mine\n\nMAILTO=me\n1 2 * * *  x %% y\\\\%% \n" \
		>crontab && printf "\n\t@daily  END imgcache prune\n\n" \
		>>crontab && cp crontab mine &&
	imgcache prune --install-timer && printf "9 9 * * * later\n" >>crontab &&
	printf "9 9 * * * later\n" >>mine &&
	imgcache prune --max-images 3 --install-timer &&
	[ "$(wc -l <crontab)" -eq $(($(wc -l <mine) + 4)) ] &&
	imgcache prune --remove-timer && same mine crontab
'

test_that 'cron: a % is no end of the command' '
	with crontab && IMGCACHE_DIR="$PWD/a%b '\''c" &&
	export IMGCACHE_DIR && imgcache prune --install-timer &&
	grep -F "a\\%b" crontab && sed -n 3p crontab | cut -d " " -f 6- |
		sed "s/\\\\%/%/g" >command && sh -c "$(cat command)" &&
	[ -f "$IMGCACHE_DIR/catalog.db" ]
'

test_that 'cron: a crontab that cannot be read is not replaced' '
	with crontab && echo "1 1 * * * x" >crontab && cp crontab mine &&
	: >broken && expect_status 128 imgcache prune --install-timer &&
	one_line stderr && grep "cannot read the crontab: .*denied" stderr &&
	expect_status 128 imgcache prune --remove-timer && same mine crontab
'

# The real one, in a namespace with crontabs of its own.
cat >room <<'SCRIPT'
if ! { mount -t tmpfs tmpfs /var/spool/cron && cd /var/spool/cron &&
	mkdir crontabs home up work && chmod 755 . &&
	mount -t overlay overlay \
		-o lowerdir=/etc,upperdir=up,workdir=work /etc; }; then
	exit 99
fi
chown root:crontab crontabs && chmod 1730 crontabs && chown nobody home
cp "$TOP/build/imgcache" .
rm -f /etc/cron.deny
echo root >/etc/cron.allow
as_nobody() {
	(cd / && setpriv --reuid=nobody --regid=nogroup --clear-groups \
		env -i HOME=/var/spool/cron/home PATH=/usr/bin:/bin \
		/var/spool/cron/imgcache prune "$1")
}
as_nobody --install-timer 2>"$TRASH/denied"
[ $? -eq 128 ] && rm /etc/cron.allow && as_nobody --install-timer &&
	crontab -l -u nobody && crontab -l -u nobody | grep -c "BEGIN imgcache" &&
	as_nobody --remove-timer && ! crontab -l -u nobody
SCRIPT
room() {
	rm -rf tools && mkdir tools && unshare --mount --propagation private \
		sh room >room.out 2>&1
}

if [ "$(id -u)" -ne 0 ]; then
	test_skip 'the real crontab' 'needs root'
elif ! [ -g /usr/bin/crontab ] && [ -n "$TEST_CI" ]; then
	test_that 'the real crontab' 'echo "cron is not installed"; false'
elif ! [ -g /usr/bin/crontab ]; then
	test_skip 'the real crontab' 'no cron here'
elif ! unshare --mount true 2>/dev/null; then
	test_skip 'the real crontab' 'no namespace is to be had'
else
	room
	status=$?
	if [ $status -eq 99 ]; then
		test_skip 'the real crontab' 'nothing can be mounted'
	else
		test_that 'the real crontab: who is denied is told where to ask' '
			cat room.out && [ "$status" -eq 0 ] &&
			says denied "cannot read the crontab: You (nobody) are \
not allowed to use this program (crontab); it goes by /etc/cron.allow and \
/etc/cron.deny, have yourself named or taken out there" &&
			grep "^installed a block" room.out &&
			grep "^removed the block" room.out
		'
	fi
fi

test_that 'cron: one mark without the other is left to people' '
	with crontab && echo "# BEGIN imgcache prune" >crontab &&
	echo "1 1 * * * x" >>crontab && cp crontab mine &&
	expect_status 128 imgcache prune --install-timer &&
	grep "repair it with crontab -e" stderr &&
	expect_status 128 imgcache prune --remove-timer && same mine crontab
'

test_that 'cron: a command that it would cut is refused' '
	with crontab && expect_status 128 imgcache prune --install-timer \
		--build-cache --filter "id=$(printf %01000d 7)" &&
	grep "cron would cut it" stderr && ! [ -e crontab ]
'

test_that 'systemd: two units, loaded and enabled, and named' '
	with systemd crontab && expect_status 0 imgcache prune --max-age 30d \
		--install-timer && cat stdout asked "$units"/* &&
	grep "^installed imgcache-prune.timer, daily, in $units" stdout &&
	grep "systemctl --user daemon-reload" asked &&
	grep "systemctl --user enable --now imgcache-prune.timer" asked &&
	grep "^ExecStart=\".*/imgcache\" \"prune\" \"--max-age=30d\"$" \
		"$units/imgcache-prune.service" &&
	grep -F "Environment=\"DOCKER_HOST=$DOCKER_HOST\"" \
		"$units/imgcache-prune.service" && ! [ -e crontab ]
'

if command -v systemd-analyze >/dev/null; then
	test_that 'systemd: it takes the units without a word' '
		systemd-analyze verify --man=no \
			"$units/imgcache-prune.timer" \
			"$units/imgcache-prune.service" >out 2>&1
		status=$?; cat out; [ $status -eq 0 ] && ! [ -s out ]
	'
else
	test_skip 'systemd: it takes the units' "no systemd-analyze here"
fi

test_that 'systemd: once more changes nothing, other limits do' '
	cat "$units"/* >before && : >asked &&
	imgcache prune --max-age 30d --install-timer >out &&
	grep "^already there: imgcache-prune.timer" out &&
	cat "$units"/* >after && same before after &&
	! grep reload asked && imgcache prune --max-age 7d --install-timer &&
	grep reload asked && grep "max-age=7d" "$units"/*.service
'

test_that 'systemd: removed, and nothing is left' '
	expect_status 0 imgcache prune --remove-timer &&
	grep "^removed imgcache-prune.timer" stdout &&
	grep "systemctl --user disable --now imgcache-prune.timer" asked &&
	[ -z "$(ls -A "$units")" ]
'

test_that 'systemd where a crontab had the block: only one of them prunes' '
	with crontab && imgcache prune --install-timer && [ -e crontab ] &&
	cp off/systemctl tools && : >user-manager &&
	imgcache prune --install-timer && ! [ -e crontab ] &&
	[ -e "$units/imgcache-prune.timer" ]
'

test_that 'systemd that refuses: one line of its' '
	with systemd && : >refuses &&
	expect_status 128 imgcache prune --install-timer &&
	one_line stderr && grep "systemctl --user enable: Failed: no" stderr
'

test_that 'neither of them: what to install' '
	with && (PATH=$TRASH/tools; "$TOP/build/imgcache" prune \
		--install-timer 2>err)
	status=$?; cat err
	[ $status -eq 128 ] && one_line err && grep "install cron" err
'

test_that 'a filter that docker has not is refused before it is installed' '
	with crontab && expect_status 129 imgcache prune --install-timer \
		--build-cache --filter until=10d && one_line stderr &&
	! [ -e crontab ]
'

test_that 'it goes with no report' '
	expect_status 129 imgcache prune --install-timer --dry-run &&
	expect_status 129 imgcache prune --install-timer --remove-timer &&
	expect_status 129 imgcache prune --remove-timer --json &&
	expect_status 129 imgcache prune --caches --install-timer
'

test_that 'remove-timer with whatever else: refused, nothing is removed' '
	with crontab && imgcache prune --install-timer && cp crontab before &&
	for option in --max-images=3 --max-age=3d --max-size=3GB --low-size=1GB \
		--keep-last=1 --grace=1h --cache-max-age=1d --cache-max-size=1GB \
		"--build-cache --filter=until=1h" --filter=until=1h --caches -n -v \
		--json --install-timer; do
		expect_status 129 imgcache prune --remove-timer $option &&
		one_line stderr && ! [ -s stdout ] && same before crontab ||
			return 1
	done && for option in -n -v --json --caches; do
		expect_status 129 imgcache prune --install-timer $option &&
		one_line stderr || return 1
	done
'

# as LIMIT TEXT: given like the first, it stands there like the second.
as() {
	imgcache prune --install-timer "$1" >/dev/null && tail -n 2 crontab |
		head -n 1 >line && cat line && grep -e " prune $2\$" line
}

test_that 'limits stand in the units that people write them in' '
	with crontab && as --max-age=30d --max-age=30d &&
	as --max-age=36h --max-age=36h && as --grace=90m --grace=90m &&
	as --grace=0 --grace=0 && as --max-age=90s --max-age=90s &&
	as --cache-max-age=2w --cache-max-age=14d &&
	as --max-size=1.5GB --max-size=1500MB &&
	as --max-size=512MiB --max-size=512MiB &&
	as --max-size=125GiB --max-size=125GiB &&
	as --low-size=1001B --low-size=1001B &&
	as --cache-max-size=0 --cache-max-size=0
'

test_that 'systemd: units that somebody else wrote are not touched' '
	with systemd && mkdir -p "$units" &&
	echo "# mine" >"$units/imgcache-prune.timer" &&
	expect_status 128 imgcache prune --max-age 30d --install-timer &&
	one_line stderr && grep "imgcache-prune.timer.*did not write" stderr &&
	! [ -e "$units/imgcache-prune.service" ] &&
	expect_status 128 imgcache prune --remove-timer && one_line stderr &&
	[ "$(cat "$units/imgcache-prune.timer")" = "# mine" ]
'

test_that 'systemd: a crontab that may not be read does not matter' '
	with systemd crontab && : >broken &&
	expect_status 0 imgcache prune --max-age 30d --install-timer &&
	grep "^installed" stdout && grep "warning.*crontab" stderr &&
	expect_status 0 imgcache prune --remove-timer &&
	grep "^removed" stdout
'

test_done
