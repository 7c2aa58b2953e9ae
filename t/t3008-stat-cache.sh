#!/bin/sh
# SPDX-License-Identifier: MIT
# What is remembered of a context: it saves reading, and never changes a tag.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

mkdir -p app/src
printf 'FROM scratch\nCOPY . /\n' >app/Dockerfile
for n in 1 2 3 4 5 6 7 8 9; do echo "content $n" >app/src/file$n; done
find app -exec touch -d '2 days ago' {} +
stat=$(imgcache config cache_dir)/stat
sleep 0.05	# younger than the grain of the clock is read again

# opened COMMAND...: files of the context whose content was opened.
opened() {
	strace -f -qq -e trace=openat,open -o trace "$@" >tag &&
	grep -c '"file[0-9]"' trace
}

test_that 'the first run reads every file, the second none' '
	[ "$(opened imgcache tag app)" -eq 9 ] && cp tag first &&
	[ "$(opened imgcache tag app)" -eq 0 ] && same first tag
'

test_that '--no-stat-cache and the setting read every file' '
	[ "$(opened imgcache tag --no-stat-cache app)" -eq 9 ] &&
	same first tag &&
	[ "$(opened env IMGCACHE_STAT_CACHE=false imgcache tag app)" -eq 9 ] &&
	same first tag
'

test_that 'one changed file is one file read' '
	echo "content X" >app/src/file5 && sleep 0.05 &&
	[ "$(opened imgcache tag app)" -eq 1 ] && ! cmp -s first tag &&
	[ "$(opened imgcache tag app)" -eq 0 ]
'

test_that 'the old size, time and inode, other bytes: another tag' '
	imgcache tag app >before && touch -r app/src/file1 stamp &&
	printf "CONTENT 1\n" | dd of=app/src/file1 conv=notrunc 2>/dev/null &&
	touch -r stamp app/src/file1 && imgcache tag app >after &&
	! cmp -s before after
'

test_that 'the same tag with one thread and with many' '
	imgcache -c threads=1 tag --no-stat-cache app >one &&
	imgcache -c threads=9 tag --no-stat-cache app >nine && same one nine
'

# Nobody knows of a link that is copied before it is met: what it leads to is
# remembered, so that the tree is not read twice.
linked() {
	strace -f -qq -e trace=openat,open -o trace imgcache tag linked >said &&
	grep -c "\"src\"" trace
}

test_that 'a copied link costs one more walk once, not every time' '
	mkdir -p linked/src/lib linked/src/sub && ln -s ../lib linked/src/sub/l &&
	echo a >linked/src/a && echo b >linked/src/lib/b.md &&
	printf "FROM scratch\nCOPY --exclude=**/*.md src /\n" \
		>linked/Dockerfile && sleep 0.05 &&
	[ "$(linked)" -eq 2 ] && cp said before && [ "$(linked)" -eq 1 ] &&
	same before said && echo c >>linked/src/lib/b.md &&
	[ "$(linked)" -eq 1 ] && ! cmp -s before said && cp said before &&
	sleep 0.05 && [ "$(linked)" -eq 1 ] && same before said &&
	rm linked/src/sub/l && [ "$(linked)" -eq 2 ] && cp said before &&
	echo d >>linked/src/lib/b.md && [ "$(linked)" -eq 1 ] && same before said
'

test_that 'a damaged file is as none' '
	imgcache tag app >before &&
	for file in "$stat"/*; do
		[ -f "$file" ] && printf junk | dd of="$file" bs=1 seek=200 \
			conv=notrunc 2>/dev/null || exit 1
	done && expect_status 0 imgcache tag app && same before stdout &&
	! [ -s stderr ]
'

test_that 'it may be deleted at any time' '
	[ -d "$stat" ] && rm -rf "$stat" && imgcache tag app >after &&
	same before after
'

test_that 'in a clean work tree no content is read, warm no libgit2' '
	git init -q repo && cp -r app repo/ &&
	(cd repo && git add . && git -c user.name=a -c user.email=a@b \
		commit -qm all) && find repo/app -exec touch -d "1 day ago" {} + &&
	sleep 0.05 && git -C repo update-index --refresh && sleep 0.05 &&
	[ "$(opened imgcache tag repo/app)" -eq 0 ] && cp tag first &&
	[ "$(opened imgcache tag repo/app)" -eq 0 ] &&
	same first tag && ! grep libgit2 trace &&
	imgcache tag --hash git app >plain && same first plain
'

# mounted COMMANDS: with a file system of its own in ./other, that goes again.
mounted() {
	mkdir -p app/alone other over/upper over/work over/merged &&
	echo here >app/alone/file0 &&
	unshare -m sh -ec "mount -t tmpfs none other; $1"
}
twice="imgcache tag over/merged >/dev/null
	strace -f -qq -e trace=openat,open -o trace imgcache tag over/merged"
overlay="mount -t overlay none over/merged \
	-o lowerdir=app,upperdir=over/upper,workdir=over/work"
if unshare -m true 2>/dev/null; then
	test_that 'a file that is mounted from elsewhere is read each time' '
		mounted "echo mounted >other/f; sleep 0.05
			mount --bind app over/merged
			mount --bind other/f over/merged/alone/file0
			mount --bind other/f over/merged/src/file5
			$twice" && grep "\"file" trace | cut -d\" -f2 | sort >names &&
		printf "file0\nfile5\n" >expect && same expect names
	'
fi
if mounted "mount -t tmpfs none over; mkdir over/upper over/work over/merged
	$overlay" 2>/dev/null; then
	test_that 'on an overlay all is remembered but such a file' '
		mounted "echo mounted >other/f
			mount -t tmpfs none over
			mkdir over/upper over/work over/merged; $overlay
			sleep 0.05; mount --bind other/f over/merged/alone/file0
			$twice" && grep "\"file" trace | cut -d\" -f2 >names &&
		echo file0 >expect && same expect names
	'
fi

test_that 'prune sweeps what nobody used for a month' '
	imgcache tag app && touch -d "40 days ago" "$stat"/* &&
	standin_start && expect_status 0 imgcache prune &&
	[ "$(find "$stat" -type f | wc -l)" -eq 0 ]
'

test_done
