/* SPDX-License-Identifier: ISC */
/*
 * tickets.c - keys in locked memory. While sessions begin on other loops
 * nothing of it changes.
 */
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "balancer/coding.h"
#include "balancer/tickets.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"

enum {
	LEAST = 3, MOST = 64,		/* keys of a file */
	SHORT = 48, LONG = 80,		/* bytes of a key */
	NAME = 16, IV = 16,
	FILE_MOST = 64 * 1024
};

struct lb_tickets {
	struct lb_tickets *next;
	char *path;
	unsigned id, count;
	size_t size;			/* SHORT or LONG */
	unsigned char (*keys)[LONG];	/* oldest first; secret */
};

static struct lb_tickets *all;
static int place = -1;			/* in an SSL_CTX */

/* ---- tickets ----------------------------------------------------------- */

static int
set_ciphers(const struct lb_tickets *t, const unsigned char *key,
    const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
    bool seals)
{
	size_t each = (t->size - NAME) / 2;
	unsigned char secret[LONG / 2];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
		    secret, each),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    (char[]){ "sha256" }, 0),
		OSSL_PARAM_construct_end()
	};
	int done;

	memcpy(secret, key + NAME + each, each);
	done = EVP_MAC_CTX_set_params(mac, params) == 1 &&
	    EVP_CipherInit_ex(cipher, t->size == SHORT ? EVP_aes_128_cbc() :
	    EVP_aes_256_cbc(), NULL, key + NAME, iv, seals) == 1;
	secret_wipe(secret, sizeof secret);
	return done;
}

/* 1: good; 2: good, and the client gets a new one; 0: unknown. */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seals)
{
	const struct lb_tickets *t = SSL_CTX_get_ex_data(
	    SSL_get_SSL_CTX(ssl), place);
	unsigned now, n;

	if (t == NULL)
		return -1;
	now = t->count - 2;
	if (seals) {
		memcpy(name, t->keys[now], NAME);
		if (RAND_bytes(iv, IV) != 1)
			return -1;
		return set_ciphers(t, t->keys[now], iv, cipher, mac, true) ?
		    1 : -1;
	}
	for (n = 0; n < t->count; n++)
		if (memcmp(t->keys[n], name, NAME) == 0)
			break;
	if (n == t->count)
		return 0;
	if (!set_ciphers(t, t->keys[n], iv, cipher, mac, false))
		return -1;
	return n < now ? 2 : 1;
}

static void
find_place(void)
{
	place = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

void
lb_tickets_use(const struct lb_tickets *t, SSL_CTX *c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_place);
	SSL_CTX_set_ex_data(c, place, (void *)(uintptr_t)t);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(c, on_ticket);
}

/* ---- files ------------------------------------------------------------- */

static int
add_key(struct lb_tickets *t, struct text line)
{
	struct text key;
	bool fits;

	if (t->count == MOST || lb_coding_from_base64(line, &key) < 0)
		return -1;
	fits = key.len == t->size || (t->size == 0 && (key.len == SHORT ||
	    key.len == LONG));
	if (fits) {
		t->size = key.len;
		memcpy(t->keys[t->count++], key.at, key.len);
	}
	secret_wipe((void *)(uintptr_t)key.at, key.len);
	mem_drop((void *)(uintptr_t)key.at);
	return fits ? 0 : -1;
}

static int
read_keys(struct lb_tickets *t, struct text text, struct why *why)
{
	unsigned number = 0;
	struct text line;

	while (text.len > 0) {
		text_split(&text, '\n', &line);
		number++;
		line = text_trim(line);
		if (line.len > 0 && add_key(t, line) < 0)
			return why_set(why, "wrong sized key on line %u",
			    number);
	}
	return t->count >= LEAST ? 0 : why_set(why, "please supply at least "
	    "%d keys in the tls-tickets-file", LEAST);
}

int
lb_tickets_check(struct text text, struct why *why)
{
	struct lb_tickets t = { .keys = secret_get(MOST * sizeof *t.keys) };
	int code = t.keys == NULL ? why_set(why, "out of memory") :
	    read_keys(&t, text, why);

	secret_drop(t.keys);
	return code;
}

static void
drop(struct lb_tickets *t)
{
	secret_drop(t->keys);
	mem_drop(t->path);
	mem_drop(t);
}

static int
read_file(struct lb_tickets *t, struct why *why)
{
	struct why reason;
	struct text text;
	int code;

	if (file_read(t->path, FILE_MOST, &text, &reason) < 0)
		return why_set(why, "'%s' : unable to load ssl tickets keys "
		    "file: %s", t->path, reason.line);
	code = read_keys(t, text, &reason);
	if (code < 0)
		why_set(why, "'%s' : %s", t->path, reason.line);
	secret_wipe((void *)(uintptr_t)text.at, text.len);
	mem_drop((void *)(uintptr_t)text.at);
	return code;
}

struct lb_tickets *
lb_tickets_load(const char *path, struct why *why)
{
	struct lb_tickets **at = &all, *t;
	unsigned id = 0;

	for (; *at != NULL; at = &(*at)->next, id++)
		if (strcmp((*at)->path, path) == 0)
			return *at;
	t = mem_zero(sizeof *t);
	if (t == NULL || (t->path = mem_copy(text_of(path))) == NULL ||
	    (t->keys = secret_get(MOST * sizeof *t->keys)) == NULL) {
		if (t != NULL)
			drop(t);
		why_set(why, "out of memory");
		return NULL;
	}
	t->id = id;
	if (read_file(t, why) < 0) {
		drop(t);
		return NULL;
	}
	*at = t;
	return t;
}

void
lb_tickets_fini(void)
{
	struct lb_tickets *t;

	while ((t = all) != NULL) {
		all = t->next;
		drop(t);
	}
}

/* ---- for operators ----------------------------------------------------- */

struct lb_tickets *
lb_tickets_at(unsigned i)
{
	struct lb_tickets *t = all;

	while (t != NULL && i-- > 0)
		t = t->next;
	return t;
}

const char *
lb_tickets_path(const struct lb_tickets *t)
{
	return t->path;
}

void
lb_tickets_show(const struct lb_tickets *t, struct sheet *to)
{
	for (unsigned n = 0; n < t->count; n++) {
		sheet_print(to, "%u.%u ", t->id, n);
		lb_coding_base64(t->keys[n], t->size, to);
		sheet_char(to, '\n');
	}
}

int
lb_tickets_turn(struct lb_tickets *t, struct text key)
{
	if (key.len != t->size)
		return -1;
	memmove(t->keys[0], t->keys[1], (t->count - 1) * sizeof *t->keys);
	memcpy(t->keys[t->count - 1], key.at, key.len);
	return 0;
}
