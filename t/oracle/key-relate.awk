# SPDX-License-Identifier: MIT
# For relate(): what docker's logs and images say of each case. Steps are lines
# "CASE ran TEXT", twins "GROUP <tab> CASE", images "CASE.COPY, image, layers".

function project(name)
{
	sub(/-.*/, "", name)
	return name
}

# The case of a step that ran, or ""; its text goes to text.
function step(    words)
{
	if (split($0, words, " ") < 2 || words[2] != "ran")
		return ""
	text = substr($0, length(words[1]) + 6)
	return words[1]
}

kind == "noise" {
	s = step()
	if (s != "" && !((s, text) in noise)) {
		noise[s, text]
		noises[s]++
	}
}

kind == "twin" {
	group[$2] = $1
}

kind == "ran" {
	s = step()
	if (s == "" || (project(s), text) in noise)
		next
	g = s in group ? group[s] : s
	if (!((g, text) in ran)) {
		ran[g, text]
		rans[g]++
	}
}

kind == "failed" {
	failed[$1]
}

kind == "image" {
	config[$1] = $2
	layers[$1] = $3
}

kind == "case" {
	p = project($1)
	g = $1 in group ? group[$1] : $1
	before = p ".c"
	after = $1 ".b"
	if ($1 in failed)
		image = "none"
	else if (!(before in config) || config[before] != config[after])
		image = "other"
	else if (layers[before] == layers[after])
		image = "same"
	else
		image = rans[g] ? "other" : "doubtful"
	print $1, rans[g] + 0, noises[p] + 0, image
}
