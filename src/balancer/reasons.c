/* SPDX-License-Identifier: ISC */
/* reasons.c - the rows; and which letter a stage has. Constant. */
#include "balancer/reasons.h"

#define ROW(id, ...)	const struct lb_end lb_end_##id = { __VA_ARGS__ }

ROW(normal, "normal", '-', '-', -1, false);
ROW(client, "client abort", 'C', 0, LB_COUNT_CLI_ABRT, false);
ROW(server, "server abort", 'S', 0, LB_COUNT_SRV_ABRT, false);
ROW(client_timeout, "client timeout", 'c', 0, LB_COUNT_CLI_ABRT, false);
ROW(server_timeout, "server timeout", 's', 0, LB_COUNT_SRV_ABRT, false);
ROW(queue_timeout, "queue timeout", 's', 'Q', LB_COUNT_ECON, false);
ROW(connect_failed, "connect failed", 'S', 'C', LB_COUNT_ECON, false);
ROW(connect_timeout, "connect timeout", 's', 'C', LB_COUNT_ECON, false);
ROW(no_server, "no server", 'S', 'C', LB_COUNT_ECON, false);
ROW(rule, "rule", 'P', 0, -1, false);
ROW(rule_reset, "rule", 'P', 0, -1, true);
ROW(resource, "resource", 'R', 0, -1, false);
ROW(internal, "internal", 'I', 0, LB_COUNT_EINT, false);
ROW(down, "server went down", 'D', 0, -1, false);
ROW(up, "server came up", 'U', 0, -1, false);
ROW(killed, "killed", 'K', 0, -1, false);
ROW(life, "session timeout", 'L', 0, -1, false);
ROW(local, "answered", 'L', 'R', -1, false);

static const char phases[LB_STAGES] = {
	[LB_STAGE_PROXY] = 'R', [LB_STAGE_TLS] = 'R',
	[LB_STAGE_INSPECT] = 'R', [LB_STAGE_QUEUE] = 'Q',
	[LB_STAGE_CONNECT] = 'C', [LB_STAGE_PAUSE] = 'C',
	[LB_STAGE_PIPE] = 'D', [LB_STAGE_ANSWER] = 'R',
	[LB_STAGE_DEAD] = '-',
};

void
lb_reasons_letters(const struct lb_session *s, const struct lb_end *end,
    char to[3])
{
	to[0] = end->cause;
	to[1] = end->phase != 0 ? end->phase : phases[s->stage];
	/* The server had said all: what was cut is the rest of it. */
	if (end->phase == 0 && s->stage == LB_STAGE_PIPE &&
	    (s->flags & LB_FLOW_SERVER_EOF))
		to[1] = 'L';
	/* Ended by us before the server had said a word. */
	else if (s->stage == LB_STAGE_PIPE && s->bytes_out == 0 &&
	    (end == &lb_end_down || end == &lb_end_up ||
	    end == &lb_end_killed))
		to[1] = 'C';
	to[2] = '\0';
}
