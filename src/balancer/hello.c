/* SPDX-License-Identifier: ISC */
/* hello.c - the record, the handshake message, its extensions. Pure. */
#include <stdint.h>

#include "balancer/hello.h"

enum { RECORD_HANDSHAKE = 22, RECORD_HEAD = 5, MESSAGE_HEAD = 4,
	RANDOM = 34, EXT_SNI = 0, EXT_CURVES = 10, EXT_ALPN = 16,
	EXT_TICKET = 35, EXT_VERSIONS = 43, EXT_SIGALGS = 13, EXT_SHARES = 51 };

static unsigned
byte(struct text t, size_t at)
{
	return (unsigned char)t.at[at];
}

/* A number of n bytes at the front, which it eats; false: too short. */
static bool
take(struct text *t, unsigned n, unsigned *value)
{
	if (t->len < n)
		return false;
	*value = 0;
	for (unsigned i = 0; i < n; i++)
		*value = *value << 8 | byte(*t, i);
	*t = text_from(*t, n);
	return true;
}

/* A piece whose length stands in n bytes before it. */
static bool
take_piece(struct text *t, unsigned n, struct text *piece)
{
	unsigned len;

	if (!take(t, n, &len) || t->len < len)
		return false;
	*piece = (struct text){ t->at, len };
	*t = text_from(*t, len);
	return true;
}

static void
read_sni(struct text t, struct lb_hello_facts *f)
{
	struct text list, name;
	unsigned kind;

	if (!take_piece(&t, 2, &list))
		return;
	while (take(&list, 1, &kind) && take_piece(&list, 2, &name))
		if (kind == 0) {
			f->sni = name;
			return;
		}
}

/* TLS 1.3 hides behind 1.2 and tells its version here. */
static void
read_versions(struct text t, struct lb_hello_facts *f)
{
	struct text list = t;
	unsigned version;

	if (f->type == 1 && !take_piece(&t, 1, &list))
		return;
	while (take(&list, 2, &version))
		if (version > f->version && version <= 0x0304)
			f->version = version;
}

static void
read_extension(unsigned type, struct text t, struct lb_hello_facts *f)
{
	if (type == EXT_SNI && f->type == 1)
		read_sni(t, f);
	else if (type == EXT_ALPN)
		take_piece(&t, 2, &f->alpn);
	else if (type == EXT_VERSIONS)
		read_versions(t, f);
	else if (type == EXT_CURVES) {
		f->has_curves = true;
		take_piece(&t, 2, &f->groups);
	} else if (type == EXT_SIGALGS)
		take_piece(&t, 2, &f->sigalgs);
	else if (type == EXT_SHARES && f->type == 1)
		take_piece(&t, 2, &f->shares);
	else if (type == EXT_TICKET) {
		f->has_tickets = true;
		f->has_ticket = t.len > 0;
	}
}

size_t
lb_hello_first(struct text alpn)
{
	struct text first = TEXT_NONE;

	take_piece(&alpn, 1, &first);
	return first.len;
}

size_t
lb_hello_groups(struct text shares, char *to, size_t room)
{
	struct text key;
	unsigned group;
	size_t len = 0;

	while (len + 2 <= room && take(&shares, 2, &group) &&
	    take_piece(&shares, 2, &key)) {
		to[len++] = (char)(group >> 8);
		to[len++] = (char)group;
	}
	return len;
}

static void
read_body(struct text t, struct lb_hello_facts *f)
{
	struct text piece, extensions, one;
	unsigned number;

	if (t.len < RANDOM)
		return;
	f->version = byte(t, 0) << 8 | byte(t, 1);
	t = text_from(t, RANDOM);
	if (!take_piece(&t, 1, &piece))		/* session id */
		return;
	if (f->type == 1 ? !take_piece(&t, 2, &f->ciphers) ||
	    !take_piece(&t, 1, &piece) : !take(&t, 2, &number) ||
	    !take(&t, 1, &number))
		return;
	if (!take_piece(&t, 2, &extensions))
		return;
	while (take(&extensions, 2, &number) &&
	    take_piece(&extensions, 2, &one))
		read_extension(number, one, f);
}

enum lb_hello
lb_hello_read(struct text t, struct lb_hello_facts *f)
{
	unsigned record, len;

	memset(f, 0, sizeof *f);
	if (t.len > 0 && byte(t, 0) != RECORD_HANDSHAKE)
		return LB_HELLO_NONE;
	if (t.len > 1 && byte(t, 1) != 3)
		return LB_HELLO_NONE;
	if (t.len < RECORD_HEAD + MESSAGE_HEAD)
		return LB_HELLO_SHORT;
	record = byte(t, 3) << 8 | byte(t, 4);
	t = text_from(t, RECORD_HEAD);
	if (t.len > record)
		t.len = record;
	f->type = byte(t, 0);
	len = byte(t, 1) << 16 | byte(t, 2) << 8 | byte(t, 3);
	if (f->type != 1 && f->type != 2)
		return LB_HELLO_NONE;
	if (len + MESSAGE_HEAD > record)
		return LB_HELLO_NONE;	/* in several records: nobody does */
	t = text_from(t, MESSAGE_HEAD);
	if (t.len < len)
		return LB_HELLO_SHORT;
	read_body((struct text){ t.at, len }, f);
	return LB_HELLO_WHOLE;
}
