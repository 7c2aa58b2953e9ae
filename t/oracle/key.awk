# SPDX-License-Identifier: MIT
# The judgement of oracle: with kind=fresh the file of "SEED
# same|alike|differs", with kind=verdicts the table of verdicts.

kind == "fresh" {
	split($0, f, " ")
	fresh[f[2]]++
	if (f[2] == "differs")
		complain(f[1], "the image built is not docker's")
	next
}

function complain(seed, words)
{
	bad++
	printf "seed %s: %s\n", seed, words
}

# Why the tag of such a change may differ where docker has all in its cache.
function reason(class)
{
	if (class ~ /^(instruction|line of the D)/)
		return "a line of a stage in use counts as it is written"
	if (class ~ /^value of a global/)
		return "a line before the first stage counts as it is written"
	if (class ~ /^build argument/)
		return "a value counts where an instruction could use it"
	if (class ~ /; all counts$/)
		return "something in the Dockerfile is not understood"
	if (class ~ /^mode($|,| of a named)/)
		return "a mode counts, though --chmod may put another in " \
			"its place"
	if (class ~ /, a link leads to it$/)
		return "an excluded file counts if a copied link leads to " \
			"it: older docker looks at it"
	if (class ~ /^(becomes a link|link retargeted)/)
		return "a link counts as a link, though what it leads to may " \
			"be what stood there"
	if (class ~ /, a base$/)
		return "all counts of a folder that stands for a base"
	if (class ~ /; some always run$/)
		return "docker runs steps of the target each time, and " \
			"does not say whether it would have"
	return ""
}

{
	seed = $1; class = $2; mode = $3; counted = $4; stays = $5
	group_write = $6; ran = $7; made = $8
	same_tag = $9 == $10
	cases[mode]++
	kept = ran == 0 && made == "same"
	what = class " (" mode ", counted " counted "; " ran " steps ran, " \
		made " image)"

	if ($10 != $11)
		complain(seed, "not placed: the copy has another tag, " what)
	if ($10 != $12)
		complain(seed, "not placed: another tag after a commit, " what)
	if ($9 == "none")
		complain(seed, "no tag: " what)
	if (!kept && same_tag && !group_write)
		complain(seed, "UNSOUND: " what)
	# Where something is not understood, all of the Dockerfile counts, and
	# what nobody reads does. The line of mode sources comes first.
	if (mode == "sources" && counted ~ /full/) {
		fallen++
		fell[seed]
	}
	if (seed in fell && (class ~ /, unread|^(case|comment|order|unused)/ ||
	    class ~ /^(undeclared|global) arg|^argument of (an unused|no use)/))
		stays = 0
	if (stays && !same_tag)
		complain(seed, "not precise: " what)
	if (stays && !kept && !group_write)
		complain(seed, "judge and maker disagree: " what)
	if (kept) {
		cached[mode]++
		stable[mode] += same_tag
		if (!same_tag && mode == "sources") {
			if (seed in fell)
				class = class "; all counts"
			if (reason(class) == "" && $13 > 0 && class ~ \
			    /^(edit|new file|renamed|removed|mode of a folder)$/)
				class = class "; some always run"
			lost[class] = lost[class] " " seed
			if (reason(class) == "")
				complain(seed, "no reason is known: " what)
		}
	}
}

END {
	printf "%d cases, %d more that docker does not build; ", \
		cases["full"], invalid
	printf "%d wrong (%d more only once)\n", bad, unsteady
	printf "images: %d of the same layers, %d of the same content, " \
		"%d other\n", fresh["same"], fresh["alike"], fresh["differs"]
	printf "mode sources: the whole context counts in %d of %d\n", \
		fallen, cases["sources"]
	n = split("full sources", modes, " ")
	for (i = 1; i <= n; i++) {
		m = modes[i]
		printf "mode %s: every step cached and the same image in %d, " \
			"tag unchanged in %d (%.1f %%)\n", m, cached[m], \
			stable[m], cached[m] ? 100 * stable[m] / cached[m] : 100
	}
	for (c in lost)
		printf "  %s (%s), seeds%s\n", c, reason(c), lost[c] | "sort"
	close("sort")
	exit bad > 0
}
