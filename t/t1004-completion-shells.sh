#!/bin/sh
# SPDX-License-Identifier: MIT
# The completions in the shells they are for: keys go to a terminal, and what
# the completed command line does is what is looked at.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest

cat >imgcache.yaml <<'YAML'
version: 1
images:
  tools: {base: "busybox:latest", env: {A: c}}
  web: {base: "busybox:latest", env: {A: b}}
YAML
mkdir -p some-folder && echo 'FROM scratch' >some-folder/Special.Dockerfile
imgcache build web >built 2>/dev/null

# typed SHELL-COMMAND: stdin are the keys.
typed() {
	{ cat && echo exit; } >keys
	HISTFILE='' TERM=dumb timeout 60 script -qec "$1" /dev/null <keys \
		>terminal 2>&1
}

bash_typed() {
	{ echo "source '$TOP/completions/imgcache.bash'"; cat; } |
		typed 'bash --norc --noprofile -i'
}

# The first line waits until completion is loaded; keys typed ahead are no text
# that was pasted.
zsh_typed() {
	{
		echo "fpath=('$TOP/completions' \$fpath)"
		echo 'autoload -U compinit; compinit -D -u'
		echo "zstyle ':completion:*' insert-tab false"
		cat
	} | typed 'zsh -f -i'
}

# fish says what it would offer.
fish_offers() {
	fish --no-config -c "source '$TOP/completions/imgcache.fish'
		complete -C '$1'" | cut -f1 | sort
}

test_that 'every state that is offered is one, and names come from the project' '
	imgcache __complete list --status "" | cut -f1 >states &&
	[ "$(wc -l <states)" -eq 9 ] && while read -r state; do
		expect_status 0 imgcache list --status "$state" || exit 1
	done <states &&
	imgcache __complete list --name t | grep -x "tools." &&
	imgcache __complete get --id "" | grep "web$"
'

for shell in bash zsh; do
	command -v $shell >/dev/null || {
		test_skip "$shell" "no $shell"
		continue
	}
	test_that "$shell: a verb and the name of a recipe" "
		printf 'imgcache dockerf\tto\t>got\n' | ${shell}_typed &&
		cat terminal && imgcache dockerfile tools | same - got
	"
	test_that "$shell: an option, and its value by name" "
		printf 'imgcache list --sta\tcompl\t --js\t>got\n' |
			${shell}_typed && cat terminal &&
		imgcache list --status completed --json | same - got &&
		jq -e 'length == 1' got
	"
	test_that "$shell: an option with = and a file below a folder" "
		printf 'imgcache tag --dockerfile=some\tSpec\t --context some-f\t>got\n' |
			${shell}_typed && cat terminal &&
		imgcache tag --dockerfile some-folder/Special.Dockerfile \
			--context some-folder | same - got
	"
	test_that "$shell: a tag of the catalog, colon and all" "
		ref=\$(cat built) && start=\${ref%??????????} &&
		printf 'imgcache pin %s\t\n' \"\$start\" | ${shell}_typed &&
		cat terminal && imgcache list --json |
			jq -e '.[0].pinned' && imgcache unpin \"\$ref\"
	"
done

if command -v fish >/dev/null; then
	test_that 'fish: verbs, recipes, values, files, tags' '
		[ "$(fish_offers "imgcache dockerf")" = dockerfile ] &&
		fish_offers "imgcache dockerfile " | grep -x tools &&
		[ "$(fish_offers "imgcache list --status compl")" = completed ] &&
		[ "$(fish_offers "imgcache tag --dockerfile=some-folder/S")" = \
			--dockerfile=some-folder/Special.Dockerfile ] &&
		fish_offers "imgcache pin $(cut -c1-40 built)" |
			grep -xF "$(cat built)"
	'
else
	test_skip fish "no fish"
fi

test_done
