/* SPDX-License-Identifier: ISC */
/* check_lines.c - redis, smtp, agent: dialogues of lines. Loop 0. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "balancer/check_kinds.h"
#include "base/number.h"

/* ---- redis ------------------------------------------------------------- */

static void
begin_redis(struct lb_check *c)
{
	lb_check_say(c, TEXT("*1\r\n$4\r\nPING\r\n"));
}

static struct text
first_line(struct text t)
{
	const char *end = t.len > 0 ? memchr(t.at, '\n', t.len) : NULL;

	if (end != NULL)
		t.len = (size_t)(end - t.at);
	while (t.len > 0 && t.at[t.len - 1] == '\r')
		t.len--;
	return t;
}

static void
look_redis(struct lb_check *c, struct text t, bool ended)
{
	char text[LB_CHECK_TEXT];

	if (text_begins(t, "+PONG\r\n"))
		lb_check_end(c, LB_CHECK_L7OK, 0, "Redis server is ok");
	else if (ended) {
		snprintf(text, sizeof text, "%.*s", TEXT_ARG(first_line(t)));
		lb_check_end(c, LB_CHECK_L7STS, 0, text);
	}
}

static void
describe_redis(const struct lb_check *c, char *to, size_t room)
{
	snprintf(to, room, " at step 3 of tcp-check (expect string '+PONG')");
}

const struct lb_check_variant lb_check_redis = {
	.name = "redis", .begin = begin_redis, .look = look_redis,
	.describe = describe_redis,
	.silent_step = 2, .silent = LB_CHECK_L7STS,
};

/* ---- smtp -------------------------------------------------------------- */

static const struct {
	int code;
	const char *refusal;
} replies[] = {			/* to: nothing, HELO, QUIT */
	{ 220, "Invalid SMTP greeting" }, { 250, "Invalid HELO reply" },
	{ 221, "Invalid QUIT reply" },
};

/* The end of a whole reply ("250-..." goes on); 0: more must come. */
static size_t
reply_len(struct text t, int *code)
{
	size_t start = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] != '\n')
			continue;
		*code = i - start >= 3 && isdigit((unsigned char)t.at[start]) ?
		    (t.at[start] - '0') * 100 + (t.at[start + 1] - '0') * 10 +
		    (t.at[start + 2] - '0') : 0;
		if (i - start < 4 || t.at[start + 3] != '-')
			return i + 1;
		start = i + 1;
	}
	return 0;
}

static void
begin_smtp(struct lb_check *c)
{
	c->step = 0;
}

static void
answer_smtp(struct lb_check *c)
{
	char line[300];
	int len;

	if (c->step == 1) {
		len = snprintf(line, sizeof line, "%.250s\r\n",
		    c->server->proxy->conf->check.hello);
		lb_check_say(c, (struct text){ line, (size_t)len });
	} else
		lb_check_say(c, TEXT("QUIT\r\n"));
}

static void
look_smtp(struct lb_check *c, struct text t, bool ended)
{
	char text[LB_CHECK_TEXT];
	int code = 0;
	size_t len = reply_len(t, &code);

	if (len == 0) {
		if (ended)
			lb_check_end(c, LB_CHECK_L7RSP, -1,
			    replies[c->step].refusal);
		return;
	}
	t.len = len;
	snprintf(text, sizeof text, "%.*s", TEXT_ARG(first_line(t)));
	if (code != replies[c->step].code) {
		lb_check_end(c, code > 0 ? LB_CHECK_L7STS : LB_CHECK_L7RSP,
		    code, strlen(text) > 4 ? text + 4 : text);
		return;
	}
	if (c->step == 2) {
		lb_check_end(c, LB_CHECK_L7OK, code, text + 4);
		return;
	}
	lb_check_eat(c, len);
	c->step++;
	answer_smtp(c);
}

const struct lb_check_variant lb_check_smtp = {
	.name = "smtp", .begin = begin_smtp, .look = look_smtp,
	.silent_step = 2, .silent = LB_CHECK_L7RSP,
};

/* ---- agent ------------------------------------------------------------- */

static void
begin_agent(struct lb_check *c)
{
	if (c->send != NULL)
		lb_check_say(c, text_of(c->send));
}

struct advice {			/* what one line asks for */
	unsigned set, clear;
	enum lb_result result;	/* NEUTRAL: nothing about up or down */
	struct text word;	/* that said so */
	struct text reason;
};

static void
take_number(struct lb_server *s, struct text word)
{
	bool percent = word.len > 0 && word.at[word.len - 1] == '%';
	int64_t n;

	if (text_begins(word, "maxconn:")) {
		if (number_int(text_from(word, 8), 10, 0, INT32_MAX, &n,
		    NULL) == 0)
			lb_health_limit(s, (unsigned)n);
		return;
	}
	if (text_begins(word, "weight:"))
		word = text_from(word, 7);
	if (percent)
		word.len--;
	if (number_int(word, 10, 0, 256 * 100, &n, NULL) < 0)
		return;
	if (percent)
		n = s->first_weight * n / 100;
	lb_health_weigh(s, n > 256 ? 256 : (unsigned)n);
}

static void
take_word(struct lb_check *c, struct text word, struct advice *a)
{
	static const struct {
		const char *word;
		unsigned set, clear;
		enum lb_result result;
	} rows[] = {
		{ "ready", 0, LB_ADMIN_FMAINT | LB_ADMIN_FDRAIN,
		    LB_RESULT_NEUTRAL },
		{ "drain", LB_ADMIN_FDRAIN, LB_ADMIN_FMAINT,
		    LB_RESULT_NEUTRAL },
		{ "maint", LB_ADMIN_FMAINT, LB_ADMIN_FDRAIN,
		    LB_RESULT_NEUTRAL },
		{ "up", 0, 0, LB_RESULT_PASSED },
		{ "down", 0, 0, LB_RESULT_FAILED },
		{ "fail", 0, 0, LB_RESULT_FAILED },
		{ "stopped", 0, 0, LB_RESULT_FAILED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!text_is_nocase(word, rows[i].word))
			continue;
		if (rows[i].result != LB_RESULT_NEUTRAL) {
			a->result = rows[i].result;
			a->word = word;
		} else {
			a->set = rows[i].set;
			a->clear = rows[i].clear;
		}
		return;
	}
	take_number(c->server, word);
}

/* Words, then perhaps a reason: it begins with a word that begins with #. */
static void
take_line(struct lb_check *c, struct text rest, struct advice *a)
{
	struct text word;

	while (text_word(&rest, " ,\t", &word)) {
		if (word.at[0] == '#') {
			a->reason = text_trim((struct text){ word.at + 1,
			    (size_t)(rest.at + rest.len - word.at) - 1 });
			return;
		}
		take_word(c, word, a);
	}
}

static void
end_agent(struct lb_check *c, const struct advice *a)
{
	char text[LB_CHECK_TEXT];

	snprintf(text, sizeof text, "via agent : %.*s%s%.*s%s",
	    TEXT_ARG(a->word), a->reason.len > 0 ? " (" : "",
	    TEXT_ARG(a->reason), a->reason.len > 0 ? ")" : "");
	if (a->result == LB_RESULT_NEUTRAL)
		lb_check_end(c, LB_CHECK_CHECKED, -1, NULL);
	else
		lb_check_end(c, a->result == LB_RESULT_PASSED ?
		    LB_CHECK_L7OK : LB_CHECK_L7STS, 0, text);
}

/* A line without its end may be half of another. */
static void
look_agent(struct lb_check *c, struct text t, bool ended)
{
	struct advice a = { .result = LB_RESULT_NEUTRAL };

	if (t.len == 0 || memchr(t.at, '\n', t.len) == NULL) {
		if (ended && t.len == 0)
			lb_check_end(c, LB_CHECK_L7RSP, -1,
			    "TCPCHK got an empty response at step 2");
		else if (ended)
			lb_check_end(c, LB_CHECK_L7TOUT, -1, NULL);
		return;
	}
	take_line(c, first_line(t), &a);
	if (a.set != 0 || a.clear != 0)
		lb_health_admin(c->server, a.set, a.clear, "");
	end_agent(c, &a);
}

const struct lb_check_variant lb_check_agent = {
	.name = "agent", .begin = begin_agent, .look = look_agent,
};
