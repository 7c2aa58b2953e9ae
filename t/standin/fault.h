/* SPDX-License-Identifier: MIT */
#ifndef STANDIN_FAULT_H
#define STANDIN_FAULT_H

/*
 * What is to go wrong. $STANDIN_DIR/faults has one rule a line:
 *
 *	QUESTION WHEN MODE [ARGUMENT]
 *
 * QUESTION	build version imagetools create builder run pull push inspect
 *		images remove tag containers stop info df, or any
 * WHEN		the how manieth such question (from 1), or * for every one
 * MODE		exit N TEXT	that status and text; TEXT may be the name of
 *				one of docker's own (fault.c); for the daemon N
 *				is the HTTP status
 *		hang		no answer, ever; ends with SIGTERM
 *		half		half an answer, then the end
 *		huge		100 MB of answer
 *		nonsense	an answer that is none
 *		kill		SIGKILL to itself (the daemon: drops the line)
 *		slow MS		then all is well
 *		do COMMAND	run by sh first: what others do at that moment
 *		no-image	build: says so, but there is no image
 *		other-id	build: another image than before
 *		no-cache	build: no local cache is written
 *		half-cache	build: one that lacks a layer
 *		cache-denied	build: the image is there, a cache is not written
 *		other-label K=V	build: this label instead of the one asked for;
 *				pull: what comes has it
 *		immutable	push: a ref that is there is not replaced
 *		beaten		push: somebody else's build of the same labels
 *				comes first, and is not replaced
 *		old V		version: buildx V; build: what V cannot, fails
 *		none		there is no buildx
 *
 * Questions are counted in $STANDIN_DIR/count/, by client and daemon together.
 */

struct fault {
	char mode[32];		/* "" : nothing goes wrong */
	int status;		/* of exit */
	char argument[512];	/* text of exit with docker's own looked up */
};

/* Count one question of that kind and find what is to happen to it. */
void fault_find(struct fault *out, const char *question);

/*
 * Do what any program can do: hang, kill, slow, nonsense and (not for the
 * daemon) exit. Returns if the caller has to go on.
 */
void fault_happen(const struct fault *f);

/* Sleep until a signal ends us. */
void fault_hang(void);

#endif
