/* SPDX-License-Identifier: ISC */
/*
 * commands_talk.c - what an operator says about the talk itself: prompt,
 * level, time-out, the end. Loop 0.
 */
#include "balancer/commands_rows.h"
#include "balancer/value.h"
#include "base/clock.h"

static void
run_prompt(struct talk *t, const struct command_line *l)
{
	static const struct {
		const char *word;
		enum lb_talk_mode mode;
	} modes[] = {
		{ "n", LB_TALK_ONCE }, { "i", LB_TALK_GOES_ON },
		{ "p", LB_TALK_PROMPTS },
	};
	bool chosen = false;

	for (unsigned i = 1; i < l->count; i++) {
		if (strcmp(l->at[i], "timed") == 0) {
			lb_talk_set_timed(t);
			chosen = true;
		}
		for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
			if (strcmp(l->at[i], modes[m].word) == 0) {
				lb_talk_set_mode(t, modes[m].mode);
				chosen = true;
			}
	}
	if (!chosen)
		lb_talk_set_mode(t, lb_talk_mode(t) == LB_TALK_ONCE ?
		    LB_TALK_PROMPTS : LB_TALK_ONCE);
	else if (lb_talk_mode(t) == LB_TALK_ONCE && l->count == 2 &&
	    strcmp(l->at[1], "timed") == 0)
		lb_talk_set_mode(t, LB_TALK_PROMPTS);
}

static void
run_user(struct talk *t, const struct command_line *l)
{
	lb_talk_lower(t, LB_LEVEL_USER);
}

static void
run_operator(struct talk *t, const struct command_line *l)
{
	lb_talk_lower(t, LB_LEVEL_OPERATOR);
}

static void
run_echo(struct talk *t, const struct command_line *l)
{
	for (unsigned i = 1; i < l->count; i++)
		lb_talk_print(t, "%s%s", i > 1 ? " " : "", l->at[i]);
	lb_talk_put(t, TEXT("\n"));
}

static void
run_set_severity(struct talk *t, const struct command_line *l)
{
	static const char *const words[] = { "none", "number", "string" };

	for (int i = 0; i < 3; i++)
		if (strcmp(l->at[2], words[i]) == 0) {
			lb_talk_set_severity(t, i);
			return;
		}
	lb_talk_refuse(t, "one of 'none', 'number', 'string' is a required "
	    "argument");
}

static void
run_set_timeout(struct talk *t, const struct command_line *l)
{
	struct why why;
	int64_t limit;

	if (strcmp(l->at[2], "cli") != 0)
		lb_talk_refuse(t, "'set timeout' only supports 'cli'.");
	else if (lb_value_time(l->at[3], CLOCK_SECOND, &limit, &why) < 0 ||
	    limit < 1)
		lb_talk_refuse(t, "Invalid timeout value.");
	else
		lb_talk_set_limit(t, limit);
}

static void
run_quit(struct talk *t, const struct command_line *l)
{
	lb_talk_quit(t);
}

const struct command lb_commands_talk[] = {
	{ "echo", "<text>", "print the text", LB_LEVEL_USER, run_echo },
	{ "operator", NULL, "lower the level of the current CLI session to "
	    "operator", LB_LEVEL_OPERATOR, run_operator },
	{ "set severity-output", "[none|number|string]", "set presence of "
	    "severity level in feedback information", LB_LEVEL_USER,
	    run_set_severity },
	{ "set timeout", "[cli] <delay>", "change a timeout setting",
	    LB_LEVEL_USER, run_set_timeout },
	{ "user", NULL, "lower the level of the current CLI session to user",
	    LB_LEVEL_USER, run_user },
	{ "prompt", "[n|i|p|timed]", "toggle interactive mode with prompt",
	    LB_LEVEL_USER, run_prompt },
	{ "quit", NULL, "disconnect", LB_LEVEL_USER, run_quit },
	{ NULL, NULL, NULL, 0, NULL }
};
