/* SPDX-License-Identifier: MIT */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include "cmd.h"

/* One for each verb, in the file of that name (pin.c has unpin too). */

extern const struct command command_build;
extern const struct command command_complete;
extern const struct command command_config;
extern const struct command command_context;
extern const struct command command_delete;
extern const struct command command_dockerfile;
extern const struct command command_doctor;
extern const struct command command_env;
extern const struct command command_exec;
extern const struct command command_get;
extern const struct command command_help;
extern const struct command command_init;
extern const struct command command_invalidate;
extern const struct command command_lint;
extern const struct command command_list;
extern const struct command command_lock;
extern const struct command command_log;
extern const struct command command_pin;
extern const struct command command_prune;
extern const struct command command_spawn;
extern const struct command command_stats;
extern const struct command command_tag;
extern const struct command command_unpin;
extern const struct command command_verify;
extern const struct command command_wait;
extern const struct command command_why;

#endif
