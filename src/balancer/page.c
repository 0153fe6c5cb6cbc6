/* SPDX-License-Identifier: ISC */
/*
 * page.c - what stands where on the page. Programs read it too: columns,
 * anchors, fields of forms and the words about the process are the
 * original's; the looks are ours. Loop 0.
 */
#include <stdio.h>

#include "balancer/admin.h"
#include "balancer/columns.h"
#include "balancer/page.h"
#include "balancer/pagelook.h"
#include "stat/html.h"

enum { STEP_ROWS = 8 };

/* ---- the address with other options ------------------------------------ */

enum { UP = 1, NO_REFRESH = 2, NO_MAINT = 4 };

static unsigned
options_of(const struct lb_page *p)
{
	return (p->rows.up ? UP : 0) | (p->no_refresh ? NO_REFRESH : 0) |
	    (p->rows.no_maint ? NO_MAINT : 0);
}

static void
put_address(const struct lb_page *p, struct sheet *to, unsigned options,
    const char *form)
{
	html_text(to, text_of(p->asker->stats.uri));
	if (form != NULL)
		sheet_print(to, ";%s", form);
	if (options & UP)
		sheet_text(to, ";up");
	if (options & NO_REFRESH)
		sheet_text(to, ";norefresh");
	if (options & NO_MAINT)
		sheet_text(to, ";no-maint");
	if (p->rows.scope.len > 0) {
		sheet_text(to, ";scope=");
		html_text(to, p->rows.scope);
	}
}

static void
put_link(const struct lb_page *p, struct sheet *to, unsigned options,
    const char *form, const char *text)
{
	sheet_text(to, "<li><a href=\"");
	put_address(p, to, options, form);
	sheet_print(to, "\">%s</a></li>\n", text);
}

/* ---- the head ---------------------------------------------------------- */

static void
put_title(const struct lb_page *p, struct sheet *to)
{
	const struct lb_stats_conf *stats = &p->asker->stats;

	sheet_text(to, "Statistics Report for HAProxy");
	if (stats->show_node) {
		sheet_text(to, " on ");
		html_text(to, text_of(stats->node != NULL ? stats->node :
		    p->info.node));
	}
}

static void
put_outcome(const struct lb_page *p, struct sheet *to)
{
	bool bad = false;
	const char *says = lb_admin_says(text_of(p->outcome), &bad);

	if (says == NULL)
		return;
	sheet_print(to, "<p class=\"%s\" role=\"status\">%s <a href=\"",
	    bad ? "said bad" : "said", says);
	put_address(p, to, options_of(p), NULL);
	sheet_text(to, "\">Remove this message</a></p>\n");
}

static void
put_process(const struct lb_page *p, struct sheet *to)
{
	const struct lb_info *i = &p->info;
	unsigned long long rate = (unsigned long long)i->out_rate * 8;

	sheet_print(to, "<section><h2>General process information</h2>\n"
	    "<p><b>pid = </b> %llu (process #1, nbproc = 1, nbthread = "
	    "%llu)<br>\n<b>uptime = </b> %s<br>\n",
	    (unsigned long long)i->pid, (unsigned long long)i->threads,
	    i->uptime);
	sheet_print(to, "<b>system limits:</b> memmax = ");
	if (i->most_mb > 0)
		sheet_print(to, "%llu MB", (unsigned long long)i->most_mb);
	else
		sheet_print(to, "unlimited");
	sheet_print(to, "; ulimit-n = %llu<br>\n<b>maxsock = </b> %llu; "
	    "<b>maxconn = </b> %llu; <b>maxpipes = </b> 0<br>\n", (unsigned long long)i->files,
	    (unsigned long long)i->sockets, (unsigned long long)i->maxconn);
	sheet_print(to, "current conns = %llu; current pipes = 0/0; conn "
	    "rate = %llu/sec; bit rate = %llu.%03llu kbps<br>\nRunning "
	    "tasks: 0/%llu; idle = %llu %%</p></section>\n",
	    (unsigned long long)i->connections,
	    (unsigned long long)i->connection_rate, rate / 1000, rate % 1000,
	    (unsigned long long)i->tasks, (unsigned long long)i->idle);
}

static void
put_choices(const struct lb_page *p, struct sheet *to)
{
	const unsigned now = options_of(p);

	sheet_text(to, "<nav aria-label=\"Display option\"><h2>Display "
	    "option:</h2>\n<form method=\"get\" action=\"");
	put_address(p, to, 0, NULL);
	sheet_text(to, "\"><label>Scope: <input name=\"scope\" size=\"8\" "
	    "maxlength=\"60\" value=\"");
	html_text(to, p->rows.scope);
	sheet_text(to, "\"></label></form>\n<ul>\n");
	put_link(p, to, now ^ UP, NULL, now & UP ? "Show all servers" :
	    "Hide 'DOWN' servers");
	if (p->asker->stats.refresh > 0)
		put_link(p, to, now ^ NO_REFRESH, NULL, now & NO_REFRESH ?
		    "Enable refresh" : "Disable refresh");
	put_link(p, to, now, NULL, "Refresh now");
	put_link(p, to, now, "csv", "CSV export");
	put_link(p, to, now, "json", "JSON export");
	put_link(p, to, 0, "json-schema", "JSON schema");
	sheet_text(to, "</ul></nav>\n");
}

static void
put_head(const struct lb_page *p, struct sheet *to)
{
	const struct lb_stats_conf *stats = &p->asker->stats;
	const char *desc = stats->desc != NULL ? stats->desc :
	    p->info.description;

	sheet_text(to, lb_pagelook_open);
	put_title(p, to);
	sheet_text(to, lb_pagelook_style);
	sheet_text(to, "<header><h1>");
	if (stats->hide_version)
		sheet_text(to, "HAProxy");
	else
		sheet_print(to, "HAProxy version %s, released %s",
		    p->info.version, p->info.released);
	sheet_print(to, "</h1>\n<p class=\"who\">%s &middot; Statistics "
	    "Report for pid %llu", stats->hide_version ? "Weir" :
	    p->info.product, (unsigned long long)p->info.pid);
	if (stats->show_node) {
		sheet_text(to, " on ");
		html_text(to, text_of(stats->node != NULL ? stats->node :
		    p->info.node));
	}
	if (stats->show_desc && desc != NULL) {
		sheet_text(to, ": ");
		html_text(to, text_of(desc));
	}
	sheet_text(to, "</p></header>\n<main>\n");
	put_outcome(p, to);
	sheet_text(to, "<div class=\"top\">\n");
	put_process(p, to);
	sheet_text(to, lb_pagelook_legend);
	put_choices(p, to);
	sheet_text(to, "</div>\n<div id=\"tables\">\n");
}

/* ---- tables ------------------------------------------------------------ */

static void
close_table(struct lb_page *p, struct sheet *to)
{
	if (p->open == 0)
		return;
	sheet_text(to, "</tbody></table></div>\n");
	if (p->form) {
		sheet_text(to, "<p class=\"act\"><label>Choose the action to "
		    "perform on the checked servers: <select name=\"action\">"
		    "<option value=\"\"></option>");
		for (const struct lb_admin_act *a = lb_admin_acts;
		    a->word != NULL; a++)
			if (a->text != NULL)
				sheet_print(to, "<option value=\"%s\">%s"
				    "</option>", a->word, a->text);
		sheet_text(to, "</select></label> <button>Apply</button>"
		    "</p></form>\n");
	}
	p->open = 0;
	p->form = false;
	sheet_text(to, "</section>\n");
}

static void
open_table(struct lb_page *p, struct sheet *to, const struct lb_proxy *x)
{
	p->open = x->conf->id;
	p->form = p->admin && x->server_count > 0;
	sheet_text(to, "<section><h2 class=\"px\"><a id=\"");
	html_text(to, text_of(x->conf->name));
	sheet_text(to, "\" href=\"#");
	html_text(to, text_of(x->conf->name));
	sheet_text(to, "\">");
	html_text(to, text_of(x->conf->name));
	sheet_text(to, "</a></h2>");
	if (x->conf->description != NULL) {
		sheet_text(to, "<p class=\"desc\">");
		html_text(to, text_of(x->conf->description));
		sheet_text(to, "</p>");
	}
	if (p->form) {
		sheet_text(to, "\n<form method=\"post\" action=\"");
		put_address(p, to, options_of(p), NULL);
		sheet_print(to, "\"><input type=\"hidden\" name=\"b\" "
		    "value=\"#%u\">", x->conf->id);
	}
	sheet_text(to, "\n<div class=\"wide\"><table class=\"tbl\">");
	sheet_text(to, lb_pagelook_columns[p->asker->stats.show_modules]);
}

/* ---- rows -------------------------------------------------------------- */

static const char *
color_of(const struct lb_row *r, char buf[32])
{
	const struct lb_server *s = r->server;
	const char *word;
	bool part;

	if (r->kind == LB_ROW_FRONTEND)
		return "frontend";
	if (r->kind == LB_ROW_BACKEND)
		return "backend";
	if (r->kind == LB_ROW_LISTENER)
		return "socket";
	if (s->admin & LB_ADMIN_MAINT)
		return "maintain";
	part = strchr(r->status, '/') != NULL;
	if (strncmp(r->status, "no check", 8) == 0)
		word = "no_check";
	else if (strncmp(r->status, "DRAIN", 5) == 0)
		word = "draining";
	else if (strncmp(r->status, "NOLB", 4) == 0)
		word = "nolb";
	else if (s->state == LB_SERVER_STOPPED)
		word = part ? "going_up" : "down";
	else
		word = part ? "going_down" : "up";
	snprintf(buf, 32, "%s_%s", s->conf->backup ? "backup" : "active",
	    word);
	return buf;
}

static void
put_number(struct sheet *to, uint64_t n)
{
	sheet_text(to, "<td>");
	html_count(to, n);
	sheet_text(to, "</td>");
}

static void
put_numbers(struct sheet *to, const uint64_t *n, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put_number(to, n[i]);
}

static void
put_word(struct sheet *to, const char *word)
{
	sheet_print(to, "<td class=\"ac\">%s</td>", word);
}

static void
skip(struct sheet *to, unsigned cells)
{
	while (cells-- > 0)
		sheet_text(to, "<td></td>");
}

/* A limit, or a dash. */
static void
put_limit(struct sheet *to, uint64_t n)
{
	if (n > 0)
		put_number(to, n);
	else
		put_word(to, "-");
}

static bool
is_front(const struct lb_row *r)
{
	return (r->kind & (LB_ROW_FRONTEND | LB_ROW_LISTENER)) != 0;
}

static void
put_name(const struct lb_page *p, struct sheet *to, const struct lb_row *r)
{
	struct text proxy = text_of(r->proxy->conf->name);
	struct text name = text_of(r->kind == LB_ROW_FRONTEND ? "Frontend" :
	    r->kind == LB_ROW_BACKEND ? "Backend" : r->name);
	const char *mark = r->kind == LB_ROW_LISTENER ? "+" : "";

	sheet_text(to, "<td>");
	if (p->form && r->kind == LB_ROW_SERVER) {
		sheet_text(to, "<input type=\"checkbox\" name=\"s\" "
		    "aria-label=\"");
		html_text(to, name);
		sheet_text(to, "\" value=\"");
		html_text(to, name);
		sheet_text(to, "\">");
	}
	sheet_text(to, "</td><th scope=\"row\"><a id=\"");
	html_text(to, proxy);
	sheet_print(to, "/%s", mark);
	html_text(to, name);
	sheet_text(to, "\" href=\"#");
	html_text(to, proxy);
	sheet_print(to, "/%s", mark);
	html_text(to, name);
	sheet_text(to, "\">");
	html_text(to, name);
	sheet_text(to, "</a>");
}

static void
put_tip(struct sheet *to, const char *name, const char *column,
    const struct lb_row *r)
{
	const struct field *f = lb_columns_find(column);
	struct cell c;

	if (!field_get(f, r->kind, r, &c) || c.value.len == 0)
		return;
	sheet_print(to, "%s: ", name);
	html_text(to, c.value);
	sheet_text(to, "&#10;");
}

/* What is told to who points at it, or asks for it to be read. */
static void
put_legend(struct sheet *to, const struct lb_row *r)
{
	if (!r->legends)
		return;
	sheet_text(to, " <span class=\"tip\" tabindex=\"0\" title=\"");
	put_tip(to, "address", "addr", r);
	put_tip(to, "mode", "mode", r);
	put_tip(to, "balancing", "algo", r);
	put_tip(to, "cookie", "cookie", r);
	put_tip(to, "tracks", "tracked", r);
	sheet_print(to, "id: %u\">i</span>", r->id > 0 ? r->id :
	    r->proxy->conf->id);
}

static void
put_queue(struct sheet *to, const struct lb_row *r)
{
	if (is_front(r)) {
		skip(to, 3);
		return;
	}
	put_number(to, r->qcur);
	put_number(to, r->qmax);
	if (r->kind == LB_ROW_SERVER)
		put_limit(to, (uint64_t)r->server->conf->maxqueue);
	else
		skip(to, 1);
}

static void
put_rates(struct sheet *to, const struct lb_row *r)
{
	if (r->kind == LB_ROW_LISTENER) {
		skip(to, 3);
		return;
	}
	put_number(to, r->rate);
	put_number(to, r->rate_max);
	if (r->kind == LB_ROW_FRONTEND)
		put_limit(to, (uint64_t)r->proxy->conf->session_rate);
	else
		skip(to, 1);
}

static void
put_sessions(struct sheet *to, const struct lb_row *r)
{
	put_number(to, r->scur);
	put_number(to, r->smax);
	put_limit(to, r->slim);
	put_number(to, r->stot);
	if (is_front(r)) {
		skip(to, 2);
		return;
	}
	put_number(to, r->lbtot);
	if (r->lastsess < 0) {
		put_word(to, "?");
		return;
	}
	sheet_text(to, "<td>");
	html_age(to, (uint64_t)r->lastsess);
	sheet_text(to, "</td>");
}

static void
put_errors(struct sheet *to, const struct lb_row *r)
{
	const uint64_t *n = r->counts;
	const bool front = is_front(r);

	put_numbers(to, (uint64_t[]){ n[LB_COUNT_BIN], n[LB_COUNT_BOUT] }, 2);
	if (r->kind == LB_ROW_SERVER)
		skip(to, 1);
	else
		put_number(to, n[LB_COUNT_DREQ]);
	put_number(to, n[LB_COUNT_DRESP]);
	if (front) {
		put_number(to, n[LB_COUNT_EREQ]);
		skip(to, 4);
		return;
	}
	skip(to, 1);
	put_number(to, n[LB_COUNT_ECON]);
	sheet_print(to, "<td title=\"cut by the client %llu, by the server "
	    "%llu\">", (unsigned long long)n[LB_COUNT_CLI_ABRT],
	    (unsigned long long)n[LB_COUNT_SRV_ABRT]);
	html_count(to, n[LB_COUNT_ERESP]);
	sheet_text(to, "</td>");
	put_numbers(to, (uint64_t[]){ n[LB_COUNT_WRETR],
	    n[LB_COUNT_WREDIS] }, 2);
}

static void
put_status(struct sheet *to, const struct lb_row *r)
{
	sheet_text(to, "<td class=\"ac\">");
	if (!is_front(r)) {
		html_age(to, (uint64_t)r->lastchg);
		sheet_char(to, ' ');
	}
	html_text(to, text_of(r->status));
	sheet_text(to, "</td>");
}

/* "L7OK/200 in 1ms"; what it saw is there for who points at it. */
static void
put_check(struct sheet *to, const struct lb_row *r)
{
	static const char *const columns[] = { "check_status", "check_code",
	    "check_duration" };
	static const char *const before[] = { "", "/", " in " };
	struct cell c;

	sheet_text(to, "<td class=\"ac\" title=\"");
	put_tip(to, "check", "check_desc", r);
	put_tip(to, "saw", "last_chk", r);
	put_tip(to, "agent", "agent_desc", r);
	put_tip(to, "agent saw", "last_agt", r);
	sheet_text(to, "\">");
	for (unsigned i = 0; i < 3; i++)
		if (field_get(lb_columns_find(columns[i]), r->kind, r, &c)) {
			sheet_text(to, before[i]);
			html_text(to, c.value);
			sheet_text(to, i == 2 ? "ms" : "");
		}
	sheet_text(to, "</td>");
}

static void
put_downs(struct sheet *to, const struct lb_row *r)
{
	bool server = r->kind == LB_ROW_SERVER;

	if (server && r->checked)
		put_number(to, r->server->failed_checks);
	else
		skip(to, 1);
	if (server && !r->checked)
		skip(to, 2);
	else {
		put_number(to, r->chkdown);
		sheet_text(to, "<td>");
		html_age(to, (uint64_t)r->downtime);
		sheet_text(to, "</td>");
	}
	if (r->throttle > 0)
		sheet_print(to, "<td>%u %%</td>", r->throttle);
	else
		put_word(to, server ? "-" : "");
}

static void
put_server(struct sheet *to, const struct lb_row *r)
{
	bool server = r->kind == LB_ROW_SERVER;

	put_status(to, r);
	if (is_front(r)) {
		skip(to, 8);
		return;
	}
	if (server)
		put_check(to, r);
	else
		skip(to, 1);
	sheet_print(to, "<td class=\"ac\">%u/%u</td>", r->weight, r->uweight);
	if (server) {
		put_word(to, r->act > 0 ? "Y" : "-");
		put_word(to, r->bck > 0 ? "Y" : "-");
	} else
		put_numbers(to, (uint64_t[]){ r->act, r->bck }, 2);
	put_downs(to, r);
}

/* What stands behind the "-" of CSV: the modules of the original that we
 * have are TLS alone. */
static void
put_modules(struct sheet *to, const struct lb_row *r)
{
	unsigned i = lb_columns_count;
	struct cell c;

	while (lb_columns[i - 1].tags != NULL)
		i--;
	sheet_text(to, "<td><span class=\"tip\" tabindex=\"0\" title=\"");
	for (; i < lb_columns_count; i++) {
		if (!field_get(&lb_columns[i], r->kind, r, &c))
			continue;
		sheet_print(to, "%s: ", lb_columns[i].help);
		html_text(to, c.value);
		sheet_text(to, "&#10;");
	}
	sheet_text(to, "\">ssl</span></td>");
}

static void
put_row(struct lb_page *p, struct sheet *to, const struct lb_row *r)
{
	char buf[32];

	if (p->open != r->proxy->conf->id) {
		close_table(p, to);
		open_table(p, to, r->proxy);
	}
	sheet_print(to, "<tr class=\"%s\">", color_of(r, buf));
	put_name(p, to, r);
	put_legend(to, r);
	sheet_text(to, "</th>");
	put_queue(to, r);
	put_rates(to, r);
	put_sessions(to, r);
	put_errors(to, r);
	put_server(to, r);
	if (p->asker->stats.show_modules)
		put_modules(to, r);
	sheet_text(to, "</tr>\n");
}

bool
lb_page_step(struct lb_page *p, struct sheet *to)
{
	struct lb_row row;

	if (!p->begun)
		put_head(p, to);
	p->begun = true;
	for (unsigned i = 0; i < STEP_ROWS && !p->ended; i++)
		if (lb_rows_next(&p->rows, &row))
			put_row(p, to, &row);
		else
			p->ended = true;
	if (!p->ended)
		return true;
	close_table(p, to);
	sheet_text(to, "</div>\n</main>\n");
	if (p->asker->stats.live)
		sheet_text(to, lb_pagelook_script);
	sheet_text(to, "</body></html>\n");
	return false;
}
