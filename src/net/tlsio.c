/* SPDX-License-Identifier: ISC */
/*
 * tlsio.c - one BIO of our own over borrowed ciphertext. It serves the slice
 * that was fed and says "retry" at its end; what is written is appended to
 * the output of the call under way. The one thread that owns the stream.
 */
#include <pthread.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/address.h"
#include "base/mem.h"
#include "net/tlsio.h"

enum { RECORD = 16384 };

struct tlsio {
	SSL *ssl;
	struct text kept;		/* copied before, owned: goes first */
	char *kept_at;
	struct text in;			/* borrowed */
	struct tlsio_out *out;		/* of the call under way */
	enum tlsio_end end;		/* TLSIO_OK: still open */
	bool starved;			/* the last call took all there was */
	char *error;
};

static size_t
serve(struct text *from, char *to, size_t len)
{
	size_t n = from->len < len ? from->len : len;

	if (n > 0)
		memcpy(to, from->at, n);
	*from = text_from(*from, n);
	return n;
}

static int
read_bio(BIO *b, char *to, size_t len, size_t *got)
{
	struct tlsio *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	*got = serve(&t->kept, to, len);
	*got += serve(&t->in, to + *got, len - *got);
	if (*got > 0)
		return 1;
	BIO_set_retry_read(b);
	return 0;
}

static int
write_bio(BIO *b, const char *from, size_t len, size_t *put)
{
	struct tlsio *t = BIO_get_data(b);
	struct tlsio_out *out = t->out;

	BIO_clear_retry_flags(b);
	if (out->room - out->len < len) {
		size_t room = out->room * 2 + len;
		char *at;

		if (room < 5 * RECORD)
			room = 5 * RECORD;
		at = mem_grow(out->at, room);
		if (at == NULL)
			return 0;
		out->at = at;
		out->room = room;
	}
	memcpy(out->at + out->len, from, len);
	out->len += len;
	*put = len;
	return 1;
}

static long
control_bio(BIO *b, int what, long number, void *pointer)
{
	return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static int
create_bio(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static pthread_once_t method_once = PTHREAD_ONCE_INIT;
static BIO_METHOD *method;

static void
make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() |
	    BIO_TYPE_SOURCE_SINK, "slice");

	if (m == NULL)
		return;
	BIO_meth_set_read_ex(m, read_bio);
	BIO_meth_set_write_ex(m, write_bio);
	BIO_meth_set_ctrl(m, control_bio);
	BIO_meth_set_create(m, create_bio);
	method = m;
}

static int
set_name(SSL *ssl, const char *name, bool verify)
{
	X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
	struct address a;

	if (name == NULL || *name == '\0')
		return 0;
	if (address_ip(text_of(name), 0, &a) == 0)
		return !verify ||
		    X509_VERIFY_PARAM_set1_ip_asc(rules, name) == 1 ? 0 : -1;
	if (SSL_set_tlsext_host_name(ssl, name) != 1)
		return -1;
	if (!verify)
		return 0;
	X509_VERIFY_PARAM_set_hostflags(rules,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(rules, name, 0) == 1 ? 0 : -1;
}

struct tlsio *
tlsio_new(SSL_CTX *context, bool server, const char *name, bool verify_name)
{
	struct tlsio *t = mem_zero(sizeof *t);
	BIO *b;

	if (t == NULL)
		return NULL;
	pthread_once(&method_once, make_method);
	ERR_clear_error();
	t->ssl = SSL_new(context);
	b = t->ssl == NULL || method == NULL ? NULL : BIO_new(method);
	if (b == NULL) {
		tlsio_free(&t);
		return NULL;
	}
	BIO_set_data(b, t);
	SSL_set_bio(t->ssl, b, b);
	if (server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	if (!server && set_name(t->ssl, name, verify_name) < 0)
		tlsio_free(&t);
	return t;
}

void
tlsio_free(struct tlsio **tp)
{
	struct tlsio *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	mem_drop(t->kept_at);
	mem_drop(t->error);
	mem_drop(t);
}

void
tlsio_feed(struct tlsio *t, struct text cipher)
{
	t->in = cipher;
}

int
tlsio_keep(struct tlsio *t, bool *more)
{
	size_t len = t->kept.len + t->in.len;
	char *at;

	/* Half a record is "pending" too, but there is no more in it. */
	*more = t->end == TLSIO_OK && !t->starved &&
	    (len > 0 || SSL_has_pending(t->ssl));
	if (t->in.len == 0) {
		if (t->kept.len == 0) {
			mem_drop(t->kept_at);
			t->kept_at = NULL;
		}
		return 0;
	}
	at = mem_get(len);
	if (at == NULL)
		return -1;
	(void)serve(&t->kept, at, t->kept.len);
	(void)serve(&t->in, at + (len - t->in.len), t->in.len);
	mem_drop(t->kept_at);
	t->kept_at = at;
	t->kept = (struct text){ at, len };
	return 0;
}

/* The first reason counts; for a certificate what was wrong with it. */
static void
set_error(struct tlsio *t)
{
	unsigned long code = ERR_get_error();
	const char *text = code == 0 ? NULL : ERR_reason_error_string(code);
	long verify = SSL_get_verify_result(t->ssl);

	if (text == NULL)
		text = "protocol error";
	mem_drop(t->error);
	if (verify != X509_V_OK && ERR_GET_REASON(code) ==
	    SSL_R_CERTIFICATE_VERIFY_FAILED)
		t->error = mem_print("%s: %s", text,
		    X509_verify_cert_error_string(verify));
	else
		t->error = mem_print("%s", text);
	ERR_clear_error();
}

/* What a call that did not succeed means. The BIO never refuses a write. */
static enum tlsio_end
explain(struct tlsio *t, int outcome)
{
	switch (SSL_get_error(t->ssl, outcome)) {
	case SSL_ERROR_WANT_READ:
		t->starved = true;
		return TLSIO_MORE;
	case SSL_ERROR_ZERO_RETURN:
		t->end = TLSIO_CLOSED;
		return TLSIO_CLOSED;
	default:
		set_error(t);
		t->end = TLSIO_FAILED;
		return TLSIO_FAILED;
	}
}

enum tlsio_end
tlsio_handshake(struct tlsio *t, struct tlsio_out *out)
{
	int outcome;

	if (t->end != TLSIO_OK)
		return t->end;
	t->out = out;
	t->starved = false;
	ERR_clear_error();
	outcome = SSL_do_handshake(t->ssl);
	return outcome == 1 ? TLSIO_OK : explain(t, outcome);
}

enum tlsio_end
tlsio_read(struct tlsio *t, char *to, size_t room, size_t *got,
    struct tlsio_out *out)
{
	size_t n;
	int outcome;

	*got = 0;
	if (t->end != TLSIO_OK)
		return t->end;
	t->out = out;
	t->starved = false;
	ERR_clear_error();
	while (*got < room) {
		outcome = SSL_read_ex(t->ssl, to + *got, room - *got, &n);
		if (outcome != 1)
			return explain(t, outcome);
		*got += n;
	}
	return TLSIO_OK;
}

static int
write_all(struct tlsio *t, const char *from, size_t len)
{
	size_t n;

	while (len > 0) {
		if (SSL_write_ex(t->ssl, from, len, &n) != 1) {
			set_error(t);
			t->end = TLSIO_FAILED;
			return -1;
		}
		from += n;
		len -= n;
	}
	return 0;
}

/*
 * Small pieces are gathered until a record is full, large ones go as they
 * are: a record of its own for each piece would cost more than the copy.
 */
int
tlsio_write(struct tlsio *t, const struct iovec *piece, int count,
    struct tlsio_out *out)
{
	char gather[RECORD];
	size_t held = 0;

	if (t->end == TLSIO_FAILED)
		return -1;
	t->out = out;
	ERR_clear_error();
	for (int i = 0; i < count; i++) {
		struct text p = { piece[i].iov_base, piece[i].iov_len };

		if (held > 0 || i + 1 < count)
			held += serve(&p, gather + held, RECORD - held);
		if (held > 0 && (held == RECORD || i + 1 == count)) {
			if (write_all(t, gather, held) < 0)
				return -1;
			held = 0;
		}
		if (p.len >= RECORD) {
			size_t whole = p.len - p.len % RECORD;

			if (write_all(t, p.at, whole) < 0)
				return -1;
			p = text_from(p, whole);
		}
		if (i + 1 < count)
			held += serve(&p, gather + held, RECORD - held);
		else if (write_all(t, p.at, p.len) < 0)
			return -1;
	}
	return 0;
}

void
tlsio_shut(struct tlsio *t, struct tlsio_out *out)
{
	if (t->end == TLSIO_FAILED)
		return;
	t->out = out;
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);	/* never waits for the peer's */
	ERR_clear_error();
}

void
tlsio_cut(struct tlsio *t)
{
	mem_drop(t->error);
	t->error = mem_copy(TEXT("unexpected eof"));
	t->end = TLSIO_FAILED;
}

SSL *
tlsio_ssl(const struct tlsio *t)
{
	return t->ssl;
}

const char *
tlsio_error(const struct tlsio *t)
{
	return t->error == NULL ? "" : t->error;
}
