/* SPDX-License-Identifier: ISC */
/*
 * message.h - messages of PostgreSQL's wire: where one ends, what is in it,
 * how one is built. Three parts, each usable alone:
 *
 *   stepping   message_peek, message_head_take: type and size of the next
 *              message in a slice, nothing copied, bodies not looked at;
 *   reading    struct message_reader: a cursor over one body, bounds checked
 *              by subtraction; a read that does not fit says false and moves
 *              nothing;
 *   building   struct message_writer: messages one behind the other in the
 *              caller's memory, then on the heap up to a cap.
 *
 * Pure: no socket, no clock, no state of its own. Any thread.
 */
#ifndef WEIR_PG_MESSAGE_H
#define WEIR_PG_MESSAGE_H

#include <stdint.h>

#include "base/text.h"

enum {
	MESSAGE_HEAD = 5,		/* type byte and length */
	MESSAGE_CODE = 5		/* characters of an SQLSTATE */
};

enum {			/* in place of a type: the first packet's codes */
	MESSAGE_VERSION_3 = 0x00030000,
	MESSAGE_CANCEL_REQUEST = 80877102, MESSAGE_SSL_REQUEST = 80877103,
	MESSAGE_GSS_REQUEST = 80877104
};

/* ---- stepping ---------------------------------------------------------- */

enum message_state {
	MESSAGE_MORE,			/* the head is not whole yet */
	MESSAGE_OK,
	MESSAGE_BAD			/* no length: close, never resynchronise */
};

/* Network order, from any address. */
static inline uint32_t
message_u32_at(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/*
 * Reads the five bytes of a head. *size is the whole message, head and all
 * (length + 1), so that "next = at + size"; 5 <= *size <= 2^31.
 * A length below 4 or above 2^31 - 1 is MESSAGE_BAD.
 */
static inline enum message_state
message_head_read(const char head[MESSAGE_HEAD], char *type, uint32_t *size)
{
	uint32_t len = message_u32_at(head + 1);

	if (len - 4 > INT32_MAX - 4)
		return MESSAGE_BAD;
	*type = head[0];
	*size = len + 1;
	return MESSAGE_OK;
}

/*
 * The message at the start of a slice. MESSAGE_OK needs only the head: the
 * body may reach beyond the slice (*size > slice.len).
 *
 *	while (message_peek(slice, &type, &size) == MESSAGE_OK &&
 *	    size <= slice.len)
 *		slice = text_from(slice, size);
 */
static inline enum message_state
message_peek(struct text slice, char *type, uint32_t *size)
{
	if (slice.len < MESSAGE_HEAD)
		return MESSAGE_MORE;
	return message_head_read(slice.at, type, size);
}

/* The body of a message that is whole in slice (size from message_peek). */
static inline struct text
message_body(struct text slice, uint32_t size)
{
	return (struct text){ slice.at + MESSAGE_HEAD, size - MESSAGE_HEAD };
}

/*
 * A head that a slice's end cut in two. Zeroed at the start and after each
 * message; the relay keeps one per direction.
 */
struct message_head {
	uint8_t have;			/* bytes[0..have) are filled */
	char bytes[MESSAGE_HEAD];
};

/*
 * Moves what the head still lacks from the slice into it (*slice advances
 * behind the head, at most to its own end). MESSAGE_OK: the head is whole
 * and *slice stands at the first byte of the body, of which size - 5 bytes
 * are to come; the head is empty again (bytes still hold it, to be sent).
 * A slice that begins with a whole head is the common case: use
 * message_peek when have == 0 and this only for the cut ones.
 */
static inline enum message_state
message_head_take(struct message_head *h, struct text *slice, char *type,
    uint32_t *size)
{
	size_t n = (size_t)MESSAGE_HEAD - h->have;

	if (n > slice->len)
		n = slice->len;
	if (n > 0)
		memcpy(h->bytes + h->have, slice->at, n);
	h->have = (uint8_t)(h->have + n);
	*slice = text_from(*slice, n);
	if (h->have < MESSAGE_HEAD)
		return MESSAGE_MORE;
	h->have = 0;
	return message_head_read(h->bytes, type, size);
}

/* ---- reading ----------------------------------------------------------- */

/*
 * A cursor over borrowed bytes; what it hands out is borrowed too. Each read
 * gives true and moves on, or false and leaves cursor and target alone.
 * Numbers are in network order.
 */
struct message_reader {
	struct text rest;		/* not read yet */
};

static inline struct message_reader
message_reader(struct text body)
{
	return (struct message_reader){ body };
}

static inline bool
message_at_end(const struct message_reader *r)
{
	return r->rest.len == 0;
}

bool	message_read_u8(struct message_reader *, uint8_t *);
bool	message_read_u16(struct message_reader *, uint16_t *);
bool	message_read_u32(struct message_reader *, uint32_t *);
/* Up to the next NUL, which is eaten and not part of the text. */
bool	message_read_string(struct message_reader *, struct text *);
bool	message_read_bytes(struct message_reader *, size_t n, struct text *);
/* int32 length and so many bytes; length -1 gives TEXT_NONE (at == NULL). */
bool	message_read_value(struct message_reader *, struct text *);
struct text message_read_rest(struct message_reader *);

/* ---- building ---------------------------------------------------------- */

/*
 * Messages one behind the other. Writes into the caller's memory first; what
 * does not fit moves to the heap, up to 'most' bytes in all (most <= room:
 * the heap is never used). Beyond that, or without memory, or when a message
 * would pass 2^31 - 1 bytes, 'failed' sticks, and nothing more is written:
 * check it once, at the end. A failed writer's content must not be sent.
 *
 *	char mem[512];
 *	struct message_writer w = message_writer(mem, sizeof mem, 64 * 1024);
 *
 *	message_add_error(&w, TEXT("FATAL"), TEXT("08P01"), reason, TEXT_NONE);
 *	if (!w.failed)
 *		conn_write(conn, message_written(&w));
 *	message_writer_fini(&w);
 *
 * Passwords belong in fixed memory (most <= room) that the caller wipes:
 * growth leaves copies behind.
 */
struct message_writer {
	char *at;			/* the caller's, or the heap's */
	size_t len, room, most;
	size_t start;			/* of the open message's length field */
	bool open, on_heap, failed;
};

static inline struct message_writer
message_writer(char *mem, size_t room, size_t most)
{
	return (struct message_writer){ .at = mem, .room = room,
	    .most = most };
}

static inline struct text
message_written(const struct message_writer *w)
{
	return (struct text){ w->at, w->len };
}

void	message_writer_fini(struct message_writer *);	/* frees the heap part */
/* Forgets what was written and 'failed'; keeps the memory. */
void	message_writer_reset(struct message_writer *);

/* One message by hand: begin, any puts, end. type 0: a packet without a type
 * byte (start-up, cancel, SSL request). */
void	message_begin(struct message_writer *, char type);
void	message_end(struct message_writer *);
void	message_put_u8(struct message_writer *, uint8_t);
void	message_put_u16(struct message_writer *, uint16_t);
void	message_put_u32(struct message_writer *, uint32_t);
/* The text and a NUL; a NUL inside the text fails the writer. */
void	message_put_string(struct message_writer *, struct text);
void	message_put_bytes(struct message_writer *, struct text);
/* As in DataRow and Bind: length and bytes; at == NULL is SQL's NULL. */
void	message_put_value(struct message_writer *, struct text);
/* n bytes of room inside the open message, to be filled at once; NULL when
 * failed. */
char	*message_put_room(struct message_writer *, size_t n);

/* -- what a server says */

enum {					/* codes of Authentication messages */
	MESSAGE_AUTH_OK = 0, MESSAGE_AUTH_CLEARTEXT = 3,
	MESSAGE_AUTH_MD5 = 5, MESSAGE_AUTH_SASL = 10,
	MESSAGE_AUTH_SASL_CONTINUE = 11, MESSAGE_AUTH_SASL_FINAL = 12
};

enum {					/* types the console's columns have */
	MESSAGE_TYPE_INT8 = 20, MESSAGE_TYPE_INT4 = 23,
	MESSAGE_TYPE_TEXT = 25, MESSAGE_TYPE_NUMERIC = 1700
};

struct message_column {
	struct text name;
	uint32_t type;			/* oid */
	int16_t size;			/* -1: of any size */
};

void	message_add_auth_ok(struct message_writer *);
void	message_add_auth_cleartext(struct message_writer *);
void	message_add_auth_md5(struct message_writer *, const char salt[4]);
/* The one mechanism SCRAM-SHA-256. */
void	message_add_auth_sasl(struct message_writer *);
void	message_add_auth_sasl_continue(struct message_writer *, struct text);
void	message_add_auth_sasl_final(struct message_writer *, struct text);
void	message_add_parameter_status(struct message_writer *, struct text name,
	    struct text value);
void	message_add_backend_key(struct message_writer *, const char key[8]);
void	message_add_ready(struct message_writer *, char status);
/* newest: the newest version offered, e.g. 0x00030000; names: unknown _pq_
 * parameters. */
void	message_add_negotiate(struct message_writer *, uint32_t newest,
	    const struct text *names, unsigned count);
void	message_add_command_complete(struct message_writer *, struct text tag);
/* Text format, table oid 0. */
void	message_add_row_description(struct message_writer *,
	    const struct message_column *, unsigned count);
/* A value with at == NULL is NULL. */
void	message_add_data_row(struct message_writer *, const struct text *values,
	    unsigned count);
/* Fields S, C, M, and D when detail.at is not NULL (no V: as users know it). */
void	message_add_error(struct message_writer *, struct text severity,
	    struct text code, struct text message, struct text detail);
void	message_add_notice(struct message_writer *, struct text severity,
	    struct text code, struct text message, struct text detail);
/* Any message without a body: '1' ParseComplete, '2' BindComplete,
 * '3' CloseComplete, 'I' EmptyQueryResponse, 'n' NoData, 'S' Sync, ... */
void	message_add_bare(struct message_writer *, char type);

/* -- what a client says */

void	message_add_query(struct message_writer *, struct text sql);
/* Without parameter types. */
void	message_add_parse(struct message_writer *, struct text name,
	    struct text sql);
/* Text format in and out. */
void	message_add_bind(struct message_writer *, struct text portal,
	    struct text statement, const struct text *values, unsigned count);
void	message_add_describe(struct message_writer *, char kind,
	    struct text name);		/* kind: 'S' statement, 'P' portal */
void	message_add_close(struct message_writer *, char kind,
	    struct text name);
void	message_add_execute(struct message_writer *, struct text portal,
	    uint32_t max_rows);
void	message_add_sync(struct message_writer *);
void	message_add_terminate(struct message_writer *);
/* PasswordMessage: cleartext, or the answer to an md5 salt. */
void	message_add_password(struct message_writer *, struct text);
void	message_add_sasl_initial(struct message_writer *, struct text mechanism,
	    struct text data);
void	message_add_sasl_response(struct message_writer *, struct text data);
/* Version 3.0; pairs of name and value, count of pairs. */
void	message_add_startup(struct message_writer *, const struct text (*pairs)[2],
	    unsigned count);
void	message_add_ssl_request(struct message_writer *);
void	message_add_cancel(struct message_writer *, const char key[8]);

#endif
