/* SPDX-License-Identifier: ISC */
/* keys_track.c - blocks of what is tracked, lines of who tracks it; see keys_track.h. One thread. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "vrrp/keys_track.h"
#include "vrrp/programs.h"

enum { SECOND = 1000 * 1000 };

/* ---- common to all */

static void *
start_block(struct vr_parse *p, size_t size, struct vr_draft *d,
    const struct vr_key *rows)
{
	const char *name = vr_parse_need(p, 1);

	if (name == NULL)
		return NULL;
	*d = (struct vr_draft){ .rows = rows,
	    .object = arena_get(p->arena, size),
	    .name = vr_parse_copy(p, name) };
	vr_parse_usual(p, rows, d->object);
	return d->object;
}

/* From here on it may be tracked; the last one of a name is meant. */
static void
make_known(struct vr_parse *p, enum vr_track_kind kind, const char *name,
    struct vr_known known)
{
	struct vr_known *k = arena_get(p->arena, sizeof *k);

	*k = known;
	names_put(&p->trackers[kind], p->arena, text_of(name), k);
}

#define KNOWN(p, kind, x)						\
	make_known(p, kind, (x)->name, (struct vr_known){ (x),		\
	    &(x)->place, &(x)->weight, &(x)->used })

/* WEIGHT [reverse]; the range is the row's. */
static void
read_weight(struct vr_parse *p, struct vr_weight *to)
{
	const char *s = vr_parse_need(p, 1), *more = vr_parse_word(p, 2);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_number(p, s, p->key->least, p->key->most, &value)) {
		vr_parse_refuse(p, p->key->refusal, s);
		return;
	}
	to->value = (int)value;
	to->reverse = false;
	if (more == NULL)
		return;
	if (strcmp(more, "reverse") == 0)
		to->reverse = true;
	else
		vr_parse_refuse(p, p->key->absent, more);
}

#define WEIGHT_ROW(reader, bound, refuses, option)			\
	{ .name = "weight", .kind = VR_KIND_OWN, .read = reader,	\
	  .least = -(bound), .most = bound, .refusal = refuses,		\
	  .absent = option, .usual = "0",				\
	  .help = "N [reverse]: added to the priority; 0: FAULT" }

/* ---- vrrp_script */

static struct vr_script_conf *
script(struct vr_parse *p)
{
	return p->draft->object;
}

static void
read_command(struct vr_parse *p)
{
	script(p)->program = vr_programs_command(p);
}

static void
read_interval(struct vr_parse *p, const char *what, int64_t *to,
    const char *refusal)
{
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_seconds(p, s, 0, UINT32_MAX, &value)) {
		vr_parse_refuse(p, refusal, s);
		return;
	}
	if (value == 0) {
		vr_parse_error(p, "(%s): vrrp script %s must be greater than "
		    "0, setting to 1", p->draft->name, what);
		value = SECOND;
	}
	*to = value;
}

static void
read_script_interval(struct vr_parse *p)
{
	read_interval(p, "interval", &script(p)->interval, "({n}): vrrp script "
	    "interval '{v}' must be between 1 and 4294 - ignoring");
}

static void
read_script_timeout(struct vr_parse *p)
{
	read_interval(p, "timeout", &script(p)->timeout, "({n}): vrrp script "
	    "timeout '{v}' invalid - ignoring");
}

static void
read_script_weight(struct vr_parse *p)
{
	read_weight(p, &script(p)->weight);
}

/* Kept aside until the command is known. */
static void
read_script_user(struct vr_parse *p)
{
	struct vr_program *x = arena_get(p->arena, sizeof *x);

	if (vr_parse_need(p, 1) == NULL)
		return;
	if (vr_programs_user(p, 1, x)) {
		p->script_user = x;
		return;
	}
	vr_parse_error(p, "Unable to set uid/gid for script '%s'",
	    script(p)->program == NULL ? p->draft->name :
	    script(p)->program->text);
	p->script_user_failed = true;
}

const struct vr_key vr_keys_track_script[] = {
	{ .name = "script", .kind = VR_KIND_OWN, .read = read_command,
	  .help = "\"COMMAND ARGUMENTS\", run without a shell" },
	{ .name = "interval", .kind = VR_KIND_OWN,
	  .read = read_script_interval, .usual = "1",
	  .help = "seconds between two runs" },
	{ .name = "timeout", .kind = VR_KIND_OWN,
	  .read = read_script_timeout, .help = "seconds it may take; as "
	  "interval" },
	WEIGHT_ROW(read_script_weight, 253, "vrrp_script {n} weight {v} must "
	    "be in [-253, 253]", "vrrp_script {n} unknown weight option {v}"),
	{ .name = "rise", .kind = VR_KIND_UINT, .least = 1, .most = INT_MAX,
	  .at = offsetof(struct vr_script_conf, rise), .usual = "1",
	  .refusal = "({n}): vrrp script rise value '{v}' invalid, defaulting "
	  "to 1", .help = "successes until it counts as up" },
	{ .name = "fall", .kind = VR_KIND_UINT, .least = 1, .most = INT_MAX,
	  .at = offsetof(struct vr_script_conf, fall), .usual = "1",
	  .refusal = "({n}): vrrp script fall value '{v}' invalid, defaulting "
	  "to 1", .help = "failures until it counts as down" },
	{ .name = "user", .kind = VR_KIND_OWN, .read = read_script_user,
	  .help = "USER [GROUP] who runs it" },
	{ .name = "init_fail", .kind = VR_KIND_FLAG,
	  .at = offsetof(struct vr_script_conf, init_fail),
	  .help = "it starts as failed" },
	{ .name = NULL },
};

/* Who runs it, when the block is over; false: nobody. */
static bool
settle_user(struct vr_parse *p, struct vr_program *x)
{
	if (p->script_user != NULL) {
		x->uid = p->script_user->uid;
		x->gid = p->script_user->gid;
		x->user = p->script_user->user;
		return true;
	}
	if (p->script_user_failed)
		return false;
	if (vr_programs_usual_user(p, x))
		return true;
	vr_parse_error(p, "Unable to set default user keepalived_script for "
	    "script");
	return false;
}

void
vr_keys_track_read_script(struct vr_parse *p)
{
	struct vr_draft d;
	struct vr_place place = p->place;
	struct vr_script_conf *s = start_block(p, sizeof *s, &d,
	    vr_keys_track_script);

	if (s == NULL)
		return;
	s->name = d.name;
	s->place = place;
	s->interval = SECOND;
	p->script_user = NULL;
	p->script_user_failed = false;
	vr_parse_block(p, vr_keys_track_script, &d);
	if (p->stopped)
		return;
	if (s->program == NULL) {
		vr_parse_error(p, "No script set for vrrp_script %s - "
		    "removing", s->name);
		return;
	}
	if (s->timeout == 0)
		s->timeout = s->interval;
	if (settle_user(p, (struct vr_program *)(uintptr_t)s->program)) {
		arena_add(p->arena, &p->config->scripts, s);
		KNOWN(p, VR_TRACK_SCRIPT, s);
	} else if (!p->script_user_failed)
		vr_parse_error(p, "Unable to set default user for vrrp script "
		    "%s - removing", s->name);
}

/* ---- track_file */

static struct vr_file_conf *
file(struct vr_parse *p)
{
	return p->draft->object;
}

static void
read_file_weight(struct vr_parse *p)
{
	read_weight(p, &file(p)->weight);
}

static void
read_init_file(struct vr_parse *p)
{
	struct vr_file_conf *f = file(p);
	int64_t value;

	f->init = true;
	for (unsigned n = 1; n < p->count; n++) {
		const char *s = p->words[n];

		if (strcmp(s, "overwrite") == 0)
			f->init_overwrite = true;
		else if (number_int(text_of(s), 10, INT_MIN, INT_MAX, &value,
		    NULL) == 0)
			f->init_value = (int)value;
		else
			vr_parse_error(p, "Unknown track file init option %s",
			    s);
	}
}

const struct vr_key vr_keys_track_file[] = {
	{ .name = "file", .kind = VR_KIND_TEXT,
	  .at = offsetof(struct vr_file_conf, path),
	  .absent = "track file file name missing",
	  .help = "its path; it holds a number" },
	WEIGHT_ROW(read_file_weight, 254, "Weight ({v}) for track_file {n} "
	    "must be between [-254..254] inclusive. Ignoring...",
	    "unknown track file weight option {v}"),
	{ .name = "init_file", .kind = VR_KIND_OWN, .read = read_init_file,
	  .help = "[VALUE] [overwrite]: made at start" },
	{ .name = NULL },
};

void
vr_keys_track_read_file(struct vr_parse *p)
{
	struct vr_draft d;
	struct vr_place place = p->place;
	struct vr_file_conf *f = start_block(p, sizeof *f, &d,
	    vr_keys_track_file);

	if (f == NULL)
		return;
	f->name = d.name;
	f->place = place;
	vr_parse_block(p, vr_keys_track_file, &d);
	if (p->stopped)
		return;
	if (f->path == NULL)
		vr_parse_error(p, "No file set for track_file %s - ignoring",
		    f->name);
	else {
		arena_add(p->arena, &p->config->files, f);
		KNOWN(p, VR_TRACK_FILE, f);
	}
}

/* ---- vrrp_track_process */

static struct vr_process_conf *
process(struct vr_parse *p)
{
	return p->draft->object;
}

static void
read_process(struct vr_parse *p)
{
	struct vr_process_conf *x = process(p);
	const char *rest = p->rest;

	if (vr_parse_need(p, 1) == NULL)
		return;
	x->parameters = braces_command(p->arena, rest, &x->count);
	if (x->count == 0)
		return;
	x->command = x->parameters[0];
	x->parameters++;
	x->count--;
	if (x->count > 0 && x->match == VR_MATCH_NONE)
		x->match = VR_MATCH_EXACT;
}

static void
read_match(struct vr_parse *p)
{
	static const struct { const char *word; enum vr_match match; } kinds[] =
	{
		{ "initial", VR_MATCH_INITIAL }, { "partial",
		VR_MATCH_PARTIAL }, { "exact", VR_MATCH_EXACT },
	};
	const char *s = vr_parse_word(p, 1);

	if (s == NULL) {
		process(p)->match = VR_MATCH_EXACT;
		return;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].word, s) == 0) {
			process(p)->match = kinds[i].match;
			return;
		}
	vr_parse_error(p, "Invalid param_match type %s - ignoring", s);
}

static void
read_process_weight(struct vr_parse *p)
{
	read_weight(p, &process(p)->weight);
}

static void
read_quorum_max(struct vr_parse *p)
{
	struct vr_process_conf *x = process(p);
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_number(p, s, 0, 65535, &value))
		vr_parse_refuse(p, p->key->refusal, s);
	else if (value < x->quorum)
		vr_parse_error(p, "quorum_max is less than quorum - ignoring");
	else
		x->quorum_max = (unsigned)value;
}

static void
read_delay(struct vr_parse *p)
{
	struct vr_process_conf *x = process(p);
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_seconds(p, s, 1, INT64_C(3600) * SECOND, &value)) {
		vr_parse_refuse(p, p->key->refusal, s);
		return;
	}
	if (strcmp(p->key->name, "terminate_delay") != 0)
		x->fork_delay = value;
	if (strcmp(p->key->name, "fork_delay") != 0)
		x->terminate_delay = value;
}

#define DELAY(word, text)						\
	{ .name = word, .kind = VR_KIND_OWN, .read = read_delay,	\
	  .refusal = "{k} ({v}) for vrrp_track_process {n} must be between " \
	  "[0.000001..3600] inclusive. Ignoring...", .help = text }

const struct vr_key vr_keys_track_process[] = {
	{ .name = "process", .kind = VR_KIND_OWN, .read = read_process,
	  .help = "COMMAND [PARAMETER...]" },
	{ .name = "param_match", .kind = VR_KIND_OWN, .read = read_match,
	  .help = "initial, partial: parameters match so" },
	WEIGHT_ROW(read_process_weight, 254, "Weight ({v}) for "
	    "vrrp_track_process {n} must be between [-254..254] inclusive. "
	    "Ignoring...", "unknown track process weight option {v}"),
	{ .name = "quorum", .kind = VR_KIND_UINT, .least = 1, .most = 65535,
	  .at = offsetof(struct vr_process_conf, quorum), .usual = "1",
	  .refusal = "Quorum ({v}) for vrrp_track_process {n} must be between "
	  "[1..65535] inclusive. Ignoring...", .help = "how many must run" },
	{ .name = "quorum_max", .kind = VR_KIND_OWN, .read = read_quorum_max,
	  .refusal = "quorum_max ({v}) for vrrp_track_process {n} must be "
	  "between [0..65535] inclusive. Ignoring...",
	  .help = "how many may run" },
	DELAY("fork_delay", "seconds until a new one counts"),
	DELAY("terminate_delay", "seconds until a lost one counts"),
	DELAY("delay", "both"),
	{ .name = "full_command", .kind = VR_KIND_FLAG,
	  .at = offsetof(struct vr_process_conf, full_command),
	  .help = "the command line is looked at, not the name" },
	{ .name = NULL },
};

void
vr_keys_track_read_process(struct vr_parse *p)
{
	struct vr_draft d;
	struct vr_place place = p->place;
	struct vr_process_conf *x = start_block(p, sizeof *x, &d,
	    vr_keys_track_process);

	if (x == NULL)
		return;
	x->name = d.name;
	x->place = place;
	x->quorum_max = UINT_MAX;
	vr_parse_block(p, vr_keys_track_process, &d);
	if (p->stopped)
		return;
	if (x->command == NULL) {
		vr_parse_error(p, "track process '%s' process name not "
		    "specified", x->name);
		return;
	}
	if (x->quorum_max < x->quorum) {
		vr_parse_error(p, "quorum_max is less than quorum - ignoring");
		x->quorum_max = UINT_MAX;
	}
	if (strchr(x->command, '/') != NULL)
		x->full_command = true;
	arena_add(p->arena, &p->config->processes, x);
	KNOWN(p, VR_TRACK_PROCESS, x);
}

/* ---- track_unix, track_http: ours */

static void
read_unix_weight(struct vr_parse *p)
{
	struct vr_unix_conf *u = p->draft->object;

	read_weight(p, &u->weight);
}

static void
read_unix_text(struct vr_parse *p)
{
	struct vr_unix_conf *u = p->draft->object;
	const char *rest = p->rest, *text;

	if (vr_parse_need(p, 1) == NULL)
		return;
	text = braces_piece(p->arena, &rest);
	if (p->key->name[0] == 's')
		u->send = text;
	else
		u->expect = text;
}

#define PROBE_ROWS(type)						\
	{ .name = "interval", .kind = VR_KIND_TIME, .least = 10000,	\
	  .most = INT64_C(86400) * SECOND, .at = offsetof(type, interval), \
	  .usual = "1", .ours = true, .refusal = "({n}): interval '{v}' "	\
	  "invalid - ignoring", .help = "seconds between two probes" },	\
	{ .name = "timeout", .kind = VR_KIND_TIME, .least = 1000,	\
	  .most = INT64_C(86400) * SECOND, .at = offsetof(type, timeout), \
	  .ours = true, .refusal = "({n}): timeout '{v}' invalid - ignoring", \
	  .help = "seconds it may take; as interval" },			\
	{ .name = "rise", .kind = VR_KIND_UINT, .least = 1, .most = INT_MAX, \
	  .at = offsetof(type, rise), .usual = "1", .ours = true,	\
	  .help = "successes until it counts as up" },			\
	{ .name = "fall", .kind = VR_KIND_UINT, .least = 1, .most = INT_MAX, \
	  .at = offsetof(type, fall), .usual = "1", .ours = true,	\
	  .help = "failures until it counts as down" }

#define OUR_WEIGHT(reader)						\
	{ .name = "weight", .kind = VR_KIND_OWN, .read = reader,	\
	  .ours = true, .least = -253, .most = 253, .refusal = "({n}): weight "\
	  "'{v}' must be in [-253, 253]", .absent = "({n}): unknown weight "\
	  "option {v}", .help = "N [reverse]: added to the priority; 0: "\
	  "FAULT" }

const struct vr_key vr_keys_track_unix[] = {
	{ .name = "path", .kind = VR_KIND_TEXT, .ours = true,
	  .at = offsetof(struct vr_unix_conf, path),
	  .help = "of the socket; @NAME: abstract" },
	{ .name = "send", .kind = VR_KIND_OWN, .read = read_unix_text,
	  .ours = true, .help = "what is sent to it" },
	{ .name = "expect", .kind = VR_KIND_OWN, .read = read_unix_text,
	  .ours = true, .help = "pattern of the answer; none: a connection is "
	  "enough" },
	PROBE_ROWS(struct vr_unix_conf),
	OUR_WEIGHT(read_unix_weight),
	{ .name = NULL },
};

void
vr_keys_track_read_unix(struct vr_parse *p)
{
	struct vr_draft d;
	struct vr_place place = p->place;
	struct vr_unix_conf *u = start_block(p, sizeof *u, &d,
	    vr_keys_track_unix);

	if (u == NULL)
		return;
	u->name = d.name;
	u->place = place;
	vr_parse_block(p, vr_keys_track_unix, &d);
	if (p->stopped)
		return;
	if (u->timeout == 0)
		u->timeout = u->interval;
	if (u->path == NULL || strlen(u->path) >= sizeof((struct sockaddr_un *)
	    NULL)->sun_path)
		vr_parse_error(p, "(%s): track_unix needs a path of at most "
		    "107 characters - ignoring", u->name);
	else {
		arena_add(p->arena, &p->config->unixes, u);
		KNOWN(p, VR_TRACK_UNIX, u);
	}
}

/* "http://HOST:PORT/PATH", "http+unix:SOCKET:/PATH". */
static bool
cut_url(struct vr_parse *p, struct vr_http_conf *h)
{
	struct text t = text_of(h->url), host;
	struct why why;
	const char *slash;
	int64_t port = 80;

	if (text_begins(t, "http+unix:")) {
		t = text_from(t, strlen("http+unix:"));
		host = t;
		h->path = text_split(&t, ':', &host) && t.len > 0 ? t.at :
		    "/";
		h->host = "localhost";
		return address_unix(host, &h->address, &why) == 0;
	}
	if (!text_begins(t, "http://"))
		return false;
	t = text_from(t, strlen("http://"));
	slash = memchr(t.at, '/', t.len);
	h->path = slash == NULL ? "/" : slash;
	if (slash != NULL)
		t.len = (size_t)(slash - t.at);
	h->host = arena_copy(p->arena, t);
	host = t;
	if (t.len > 0 && t.at[0] == '[') {
		const char *end = memchr(t.at, ']', t.len);

		if (end == NULL)
			return false;
		host = (struct text){ t.at + 1, (size_t)(end - t.at) - 1 };
		t = text_from(t, host.len + 2);
		if (t.len > 0 && t.at[0] != ':')
			return false;
		t = t.len > 0 ? text_from(t, 1) : t;
	} else
		text_split(&t, ':', &host);
	if (t.len > 0 && number_int(t, 10, 1, 65535, &port, NULL) < 0)
		return false;
	if (text_is(host, "localhost"))
		host = TEXT("127.0.0.1");
	return address_ip(host, (uint16_t)port, &h->address) == 0;
}

static void
read_url(struct vr_parse *p)
{
	struct vr_http_conf *h = p->draft->object;
	const char *s = vr_parse_need(p, 1);

	if (s == NULL)
		return;
	h->url = vr_parse_copy(p, s);
	if (!cut_url(p, h)) {
		vr_parse_error(p, "(%s): url '%s' is none of "
		    "http://ADDRESS[:PORT][/PATH] and "
		    "http+unix:SOCKET[:/PATH] - ignoring", p->draft->name, s);
		h->url = NULL;
	}
}

/* "200", "200-299", several by commas or blanks. */
static void
read_codes(struct vr_parse *p)
{
	struct vr_http_conf *h = p->draft->object;
	struct text rest = text_of(p->rest), word, first;
	struct vr_codes *codes = arena_get(p->arena, (rest.len + 1) *
	    sizeof *codes);
	unsigned n = 0;
	int64_t least, most;

	if (vr_parse_need(p, 1) == NULL)
		return;
	while (text_word(&rest, ", \t", &word)) {
		text_split(&word, '-', &first);
		if (number_int(first, 10, 100, 599, &least, NULL) < 0 ||
		    number_int(word.at == NULL ? first : word, 10, least, 599, &most,
		    NULL) < 0) {
			vr_parse_error(p, "(%s): expect '%s' is no list of "
			    "status codes - ignoring", p->draft->name,
			    p->rest);
			return;
		}
		codes[n++] = (struct vr_codes){ (uint16_t)least,
		    (uint16_t)most };
	}
	h->codes = codes;
	h->code_count = n;
}

static void
read_http_weight(struct vr_parse *p)
{
	struct vr_http_conf *h = p->draft->object;

	read_weight(p, &h->weight);
}

const struct vr_key vr_keys_track_http[] = {
	{ .name = "url", .kind = VR_KIND_OWN, .read = read_url, .ours = true,
	  .help = "http://ADDRESS:PORT/PATH or http+unix:SOCKET:/PATH" },
	{ .name = "expect", .kind = VR_KIND_OWN, .read = read_codes,
	  .ours = true, .usual = "200", .help = "good codes: 200, 200-299" },
	PROBE_ROWS(struct vr_http_conf),
	OUR_WEIGHT(read_http_weight),
	{ .name = NULL },
};

void
vr_keys_track_read_http(struct vr_parse *p)
{
	static struct vr_codes usual[] = { { 200, 200 } };
	struct vr_draft d;
	struct vr_place place = p->place;
	struct vr_http_conf *h = start_block(p, sizeof *h, &d,
	    vr_keys_track_http);

	if (h == NULL)
		return;
	h->name = d.name;
	h->place = place;
	h->codes = usual;
	h->code_count = 1;
	vr_parse_block(p, vr_keys_track_http, &d);
	if (p->stopped)
		return;
	if (h->timeout == 0)
		h->timeout = h->interval;
	if (h->url == NULL)
		vr_parse_error(p, "(%s): track_http needs a url - ignoring",
		    h->name);
	else {
		arena_add(p->arena, &p->config->https, h);
		KNOWN(p, VR_TRACK_HTTP, h);
	}
}

/* ---- who tracks */

static const struct {
	const char *word;		/* in messages */
	int bound;			/* of weights */
} kinds[VR_TRACKS] = {
	[VR_TRACK_INTERFACE] = { "interface", 253 },
	[VR_TRACK_SCRIPT] = { "script", 253 },
	[VR_TRACK_FILE] = { "file", 254 },
	[VR_TRACK_PROCESS] = { "process", 254 },
	[VR_TRACK_UNIX] = { "unix", 253 },
	[VR_TRACK_HTTP] = { "http", 253 },
};

static bool
find_target(struct vr_parse *p, struct vr_track_conf *t)
{
	const struct vr_known *k;

	if (t->kind == VR_TRACK_INTERFACE)
		return true;
	k = names_find(&p->trackers[t->kind], text_of(t->name));
	if (k == NULL)
		return false;
	*k->used = true;
	t->what = k->what;
	t->weight = *k->weight;
	return true;
}

/* Already among those of this object? */
static bool
is_twice(struct vr_parse *p, struct vr_track_conf *t)
{
	const char *key = arena_print(p->arena, "%c%s", 'a' + (int)t->kind,
	    t->name);

	return names_keep(&p->draft->tracked, p->arena, text_of(key), t) != t;
}

static void
tell_unknown(struct vr_parse *p, const struct vr_track_conf *t)
{
	struct vr_late *late = arena_get(p->arena, sizeof *late);

	late->place = t->place;
	late->owner = p->draft->name;
	late->kind = t->kind;
	late->word = kinds[t->kind].word;
	late->name = t->name;
	arena_add(p->arena, &p->lates, late);
	vr_parse_error(p, "(%s) track %s %s not found, ignoring...",
	    late->owner, late->word, late->name);
}

static void
read_track_option(struct vr_parse *p, struct vr_track_conf *t, unsigned *n)
{
	const char *word = p->words[*n], *who = p->draft->name;
	const char *what = kinds[t->kind].word;
	int bound = kinds[t->kind].bound;
	int64_t value;

	if (strcmp(word, "reverse") == 0)
		t->weight.reverse = true;
	else if (strcmp(word, "noreverse") == 0)
		t->weight.reverse = false;
	else if (strcmp(word, "weight") != 0)
		vr_parse_error(p, "(%s) unknown track_%s %s option %s - "
		    "ignoring", who, what, t->name, word);
	else if (*n + 1 == p->count)
		vr_parse_error(p, "(%s) weight without value specified for "
		    "track_%s %s - ignoring", who, what, t->name);
	else if (!vr_parse_number(p, p->words[++*n], -254, 254, &value) ||
	    value < -bound || value > bound)
		vr_parse_error(p, "(%s) weight %s for %s must be between "
		    "[-%d..%d] inclusive. Ignoring...", who, p->words[*n],
		    t->name, bound, bound);
	else
		t->weight.value = (int)value;
}

static void
read_track_line(struct vr_parse *p)
{
	struct vr_track_conf *t = arena_get(p->arena, sizeof *t);
	struct vr_track_list *list = p->track_list;

	t->place = p->place;
	t->kind = p->track_kind;
	t->name = vr_parse_copy(p, p->words[0]);
	if (t->kind == VR_TRACK_INTERFACE && !vr_parse_interface(p, t->name))
		vr_parse_error(p, "(%s) tracked interface %s doesn't exist",
		    p->draft->name, t->name);
	if (!find_target(p, t)) {
		tell_unknown(p, t);
		return;
	}
	if (is_twice(p, t)) {
		vr_parse_error(p, "(%s) duplicate track_%s %s - ignoring",
		    p->draft->name, kinds[t->kind].word, t->name);
		return;
	}
	for (unsigned n = 1; n < p->count; n++)
		read_track_option(p, t, &n);
	arena_add(p->arena, list, t);
}

void
vr_keys_track_lines(struct vr_parse *p, enum vr_track_kind kind,
    struct vr_track_list *list)
{
	p->track_kind = kind;
	p->track_list = list;
	vr_parse_lines(p, read_track_line);
}
