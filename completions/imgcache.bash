# SPDX-License-Identifier: MIT
# bash completion for imgcache. The program itself knows its verbs, options and
# names; this only asks.
#
# A word of ours ends where a shell word ends. bash ends words at : and = too,
# and tags contain a colon, so the words are put together again, and what
# stands before the last such mark is taken off the candidates.

_imgcache()
{
	local IFS=$' \t\n' i cur words=() cut reply kind=

	# Words as the shell will see them, up to the cursor.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		if ((${#words[@]})) && _imgcache_joins "$i"; then
			words[${#words[@]} - 1]+=${COMP_WORDS[i]}
		else
			words+=("${COMP_WORDS[i]}")
		fi
	done
	cur=${words[${#words[@]} - 1]}
	# --option=value is completed as the value of --option.
	cut=${cur%"${COMP_WORDS[COMP_CWORD]}"}
	case ${COMP_WORDS[COMP_CWORD]} in
	: | =)	cut=$cur ;;
	esac
	case $cur in
	--*=*)
		words[${#words[@]} - 1]=${cur%%=*}
		words+=("${cur#*=}")
		cut=${cut#"${cur%%=*}="}
		cur=${cur#*=}
		;;
	esac

	COMPREPLY=()
	while IFS= read -r reply; do
		case $reply in
		:files | :dirs)
			kind=$reply
			;;
		*)
			reply=${reply%%$'\t'*}
			COMPREPLY+=("${reply#"$cut"}")
			;;
		esac
	done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
	if [[ $kind ]]; then
		compopt -o filenames 2>/dev/null
		while IFS= read -r reply; do
			COMPREPLY+=("${reply#"$cut"}")
		done < <(if [[ $kind = :dirs ]]; then
			compgen -d -- "$cur"
		else
			compgen -f -- "$cur"
		fi)
	fi
}

# Does word number $1 belong to the word before it?
_imgcache_joins()
{
	local before=${COMP_WORDS[$1 - 1]} this=${COMP_WORDS[$1]} gap

	[[ $this = [:=]* || $before = *[:=] ]] || return
	# Only where nothing stands between them on the line.
	gap=$before$this
	[[ $COMP_LINE = *"$gap"* ]]
}

complete -F _imgcache imgcache
