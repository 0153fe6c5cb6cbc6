/* SPDX-License-Identifier: ISC */
/* message.c - read and build messages. Pure; any thread. */
#include "base/die.h"
#include "base/mem.h"
#include "pg/message.h"

/* ---- reading */

bool
message_read_bytes(struct message_reader *r, size_t n, struct text *to)
{
	if (n > r->rest.len)
		return false;
	*to = (struct text){ r->rest.at, n };
	r->rest = text_from(r->rest, n);
	return true;
}

bool
message_read_u8(struct message_reader *r, uint8_t *to)
{
	struct text t;

	if (!message_read_bytes(r, 1, &t))
		return false;
	*to = (uint8_t)t.at[0];
	return true;
}

bool
message_read_u16(struct message_reader *r, uint16_t *to)
{
	struct text t;

	if (!message_read_bytes(r, 2, &t))
		return false;
	*to = (uint16_t)((uint8_t)t.at[0] << 8 | (uint8_t)t.at[1]);
	return true;
}

bool
message_read_u32(struct message_reader *r, uint32_t *to)
{
	struct text t;

	if (!message_read_bytes(r, 4, &t))
		return false;
	*to = message_u32_at(t.at);
	return true;
}

bool
message_read_string(struct message_reader *r, struct text *to)
{
	const char *nul;

	nul = r->rest.len == 0 ? NULL : memchr(r->rest.at, '\0', r->rest.len);
	if (nul == NULL)
		return false;
	*to = (struct text){ r->rest.at, (size_t)(nul - r->rest.at) };
	r->rest = text_from(r->rest, to->len + 1);
	return true;
}

bool
message_read_value(struct message_reader *r, struct text *to)
{
	struct message_reader ahead = *r;
	uint32_t len;

	if (!message_read_u32(&ahead, &len))
		return false;
	if (len == UINT32_MAX)
		*to = TEXT_NONE;
	else if (!message_read_bytes(&ahead, len, to))
		return false;
	*r = ahead;
	return true;
}

struct text
message_read_rest(struct message_reader *r)
{
	struct text rest = r->rest;

	r->rest = text_from(rest, rest.len);
	return rest;
}

/* ---- building: memory */

void
message_writer_fini(struct message_writer *w)
{
	if (w->on_heap)
		mem_drop(w->at);
	*w = (struct message_writer){ .failed = true };
}

void
message_writer_reset(struct message_writer *w)
{
	w->len = 0;
	w->open = w->failed = false;
}

/* Room for n more bytes, at least: twice what was, never above the cap. */
static bool
grow(struct message_writer *w, size_t n)
{
	size_t room = w->room < 128 ? 128 : w->room;
	char *at;

	if (n > w->most || w->len > w->most - n)
		return false;
	if (room > w->most)
		room = w->most;
	while (room < w->len + n)
		room = room > w->most / 2 ? w->most : room * 2;
	at = mem_grow(w->on_heap ? w->at : NULL, room);
	if (at == NULL)
		return false;
	if (!w->on_heap && w->len > 0)
		memcpy(at, w->at, w->len);
	w->at = at;
	w->room = room;
	w->on_heap = true;
	return true;
}

char *
message_put_room(struct message_writer *w, size_t n)
{
	char *at;

	NEED(w->open);
	if (w->failed || (n > w->room - w->len && !grow(w, n))) {
		w->failed = true;
		return NULL;
	}
	at = w->at + w->len;
	w->len += n;
	return at;
}

static void
write_u32(char *at, uint32_t v)
{
	at[0] = (char)(v >> 24);
	at[1] = (char)(v >> 16);
	at[2] = (char)(v >> 8);
	at[3] = (char)v;
}

/* ---- building: one message */

void
message_begin(struct message_writer *w, char type)
{
	NEED(!w->open);
	w->open = true;
	if (type != '\0')
		message_put_u8(w, (uint8_t)type);
	w->start = w->len;
	message_put_u32(w, 0);
}

void
message_end(struct message_writer *w)
{
	NEED(w->open);
	w->open = false;
	if (!w->failed && w->len - w->start > INT32_MAX)
		w->failed = true;
	if (!w->failed)
		write_u32(w->at + w->start, (uint32_t)(w->len - w->start));
}

void
message_put_u8(struct message_writer *w, uint8_t v)
{
	char *at = message_put_room(w, 1);

	if (at != NULL)
		*at = (char)v;
}

void
message_put_u16(struct message_writer *w, uint16_t v)
{
	char *at = message_put_room(w, 2);

	if (at != NULL) {
		at[0] = (char)(v >> 8);
		at[1] = (char)v;
	}
}

void
message_put_u32(struct message_writer *w, uint32_t v)
{
	char *at = message_put_room(w, 4);

	if (at != NULL)
		write_u32(at, v);
}

void
message_put_bytes(struct message_writer *w, struct text t)
{
	char *at = message_put_room(w, t.len);

	if (at != NULL && t.len > 0)
		memcpy(at, t.at, t.len);
}

void
message_put_string(struct message_writer *w, struct text t)
{
	if (t.len > 0 && memchr(t.at, '\0', t.len) != NULL)
		w->failed = true;
	message_put_bytes(w, t);
	message_put_u8(w, 0);
}

void
message_put_value(struct message_writer *w, struct text t)
{
	if (t.len > INT32_MAX)
		w->failed = true;
	message_put_u32(w, t.at == NULL ? UINT32_MAX : (uint32_t)t.len);
	message_put_bytes(w, t);
}

/* A count that the wire has 16 bits for. */
static void
put_count(struct message_writer *w, unsigned count)
{
	if (count > INT16_MAX)
		w->failed = true;
	message_put_u16(w, (uint16_t)count);
}

static void
put_values(struct message_writer *w, const struct text *values, unsigned count)
{
	put_count(w, count);
	for (unsigned i = 0; i < count && !w->failed; i++)
		message_put_value(w, values[i]);
}

/* ---- whole messages: what they have in common */

void
message_add_bare(struct message_writer *w, char type)
{
	message_begin(w, type);
	message_end(w);
}

static void
add_string(struct message_writer *w, char type, struct text t)
{
	message_begin(w, type);
	message_put_string(w, t);
	message_end(w);
}

static void
add_bytes(struct message_writer *w, char type, struct text t)
{
	message_begin(w, type);
	message_put_bytes(w, t);
	message_end(w);
}

/* ---- what a server says */

static void
add_auth(struct message_writer *w, uint32_t code, struct text more)
{
	message_begin(w, 'R');
	message_put_u32(w, code);
	message_put_bytes(w, more);
	message_end(w);
}

void
message_add_auth_ok(struct message_writer *w)
{
	add_auth(w, MESSAGE_AUTH_OK, TEXT_NONE);
}

void
message_add_auth_cleartext(struct message_writer *w)
{
	add_auth(w, MESSAGE_AUTH_CLEARTEXT, TEXT_NONE);
}

void
message_add_auth_md5(struct message_writer *w, const char salt[4])
{
	add_auth(w, MESSAGE_AUTH_MD5, (struct text){ salt, 4 });
}

void
message_add_auth_sasl(struct message_writer *w)
{
	/* A list of strings, ended by an empty one. */
	add_auth(w, MESSAGE_AUTH_SASL, TEXT("SCRAM-SHA-256\0\0"));
}

void
message_add_auth_sasl_continue(struct message_writer *w, struct text data)
{
	add_auth(w, MESSAGE_AUTH_SASL_CONTINUE, data);
}

void
message_add_auth_sasl_final(struct message_writer *w, struct text data)
{
	add_auth(w, MESSAGE_AUTH_SASL_FINAL, data);
}

void
message_add_parameter_status(struct message_writer *w, struct text name,
    struct text value)
{
	message_begin(w, 'S');
	message_put_string(w, name);
	message_put_string(w, value);
	message_end(w);
}

void
message_add_backend_key(struct message_writer *w, const char key[8])
{
	add_bytes(w, 'K', (struct text){ key, 8 });
}

void
message_add_ready(struct message_writer *w, char status)
{
	add_bytes(w, 'Z', (struct text){ &status, 1 });
}

void
message_add_negotiate(struct message_writer *w, uint32_t newest,
    const struct text *names, unsigned count)
{
	message_begin(w, 'v');
	message_put_u32(w, newest);
	message_put_u32(w, count);
	for (unsigned i = 0; i < count && !w->failed; i++)
		message_put_string(w, names[i]);
	message_end(w);
}

void
message_add_command_complete(struct message_writer *w, struct text tag)
{
	add_string(w, 'C', tag);
}

void
message_add_row_description(struct message_writer *w,
    const struct message_column *columns, unsigned count)
{
	message_begin(w, 'T');
	put_count(w, count);
	for (unsigned i = 0; i < count && !w->failed; i++) {
		message_put_string(w, columns[i].name);
		message_put_u32(w, 0);			/* table */
		message_put_u16(w, 0);			/* its column */
		message_put_u32(w, columns[i].type);
		message_put_u16(w, (uint16_t)columns[i].size);
		message_put_u32(w, UINT32_MAX);		/* type modifier */
		message_put_u16(w, 0);			/* text */
	}
	message_end(w);
}

void
message_add_data_row(struct message_writer *w, const struct text *values,
    unsigned count)
{
	message_begin(w, 'D');
	put_values(w, values, count);
	message_end(w);
}

static void
put_field(struct message_writer *w, char field, struct text value)
{
	message_put_u8(w, (uint8_t)field);
	message_put_string(w, value);
}

static void
add_fields(struct message_writer *w, char type, struct text severity,
    struct text code, struct text message, struct text detail)
{
	message_begin(w, type);
	put_field(w, 'S', severity);
	put_field(w, 'C', code);
	put_field(w, 'M', message);
	if (detail.at != NULL)
		put_field(w, 'D', detail);
	message_put_u8(w, 0);
	message_end(w);
}

void
message_add_error(struct message_writer *w, struct text severity,
    struct text code, struct text message, struct text detail)
{
	add_fields(w, 'E', severity, code, message, detail);
}

void
message_add_notice(struct message_writer *w, struct text severity,
    struct text code, struct text message, struct text detail)
{
	add_fields(w, 'N', severity, code, message, detail);
}

/* ---- what a client says */

void
message_add_query(struct message_writer *w, struct text sql)
{
	add_string(w, 'Q', sql);
}

void
message_add_parse(struct message_writer *w, struct text name, struct text sql)
{
	message_begin(w, 'P');
	message_put_string(w, name);
	message_put_string(w, sql);
	message_put_u16(w, 0);			/* parameter types */
	message_end(w);
}

void
message_add_bind(struct message_writer *w, struct text portal,
    struct text statement, const struct text *values, unsigned count)
{
	message_begin(w, 'B');
	message_put_string(w, portal);
	message_put_string(w, statement);
	message_put_u16(w, 0);			/* formats in: all text */
	put_values(w, values, count);
	message_put_u16(w, 0);			/* formats out: all text */
	message_end(w);
}

static void
add_named(struct message_writer *w, char type, char kind, struct text name)
{
	message_begin(w, type);
	message_put_u8(w, (uint8_t)kind);
	message_put_string(w, name);
	message_end(w);
}

void
message_add_describe(struct message_writer *w, char kind, struct text name)
{
	add_named(w, 'D', kind, name);
}

void
message_add_close(struct message_writer *w, char kind, struct text name)
{
	add_named(w, 'C', kind, name);
}

void
message_add_execute(struct message_writer *w, struct text portal,
    uint32_t max_rows)
{
	message_begin(w, 'E');
	message_put_string(w, portal);
	message_put_u32(w, max_rows);
	message_end(w);
}

void
message_add_sync(struct message_writer *w)
{
	message_add_bare(w, 'S');
}

void
message_add_terminate(struct message_writer *w)
{
	message_add_bare(w, 'X');
}

void
message_add_password(struct message_writer *w, struct text password)
{
	add_string(w, 'p', password);
}

void
message_add_sasl_initial(struct message_writer *w, struct text mechanism,
    struct text data)
{
	message_begin(w, 'p');
	message_put_string(w, mechanism);
	message_put_value(w, data);
	message_end(w);
}

void
message_add_sasl_response(struct message_writer *w, struct text data)
{
	add_bytes(w, 'p', data);
}

void
message_add_startup(struct message_writer *w, const struct text (*pairs)[2],
    unsigned count)
{
	message_begin(w, '\0');
	message_put_u32(w, MESSAGE_VERSION_3);
	for (unsigned i = 0; i < count && !w->failed; i++) {
		message_put_string(w, pairs[i][0]);
		message_put_string(w, pairs[i][1]);
	}
	message_put_u8(w, 0);
	message_end(w);
}

void
message_add_ssl_request(struct message_writer *w)
{
	message_begin(w, '\0');
	message_put_u32(w, MESSAGE_SSL_REQUEST);
	message_end(w);
}

void
message_add_cancel(struct message_writer *w, const char key[8])
{
	message_begin(w, '\0');
	message_put_u32(w, MESSAGE_CANCEL_REQUEST);
	message_put_bytes(w, (struct text){ key, 8 });
	message_end(w);
}
