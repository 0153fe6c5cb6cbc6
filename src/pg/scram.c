/* SPDX-License-Identifier: ISC */
/*
 * scram.c - SCRAM-SHA-256, both sides. Hashes and randomness by OpenSSL.
 * An exchange keeps its own copies of all that it was given; each lives in
 * secret memory and is wiped when freed. One thread at a time per object.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdio.h>

#include "base/number.h"
#include "base/secret.h"
#include "pg/base64.h"
#include "pg/message.h"
#include "pg/password.h"
#include "pg/scram.h"

enum { KEY_TEXT = BASE64_TEXT(SCRAM_KEY) };	/* a key in base64 */

/* ---- HMAC-SHA-256 ------------------------------------------------------ */

static EVP_MAC_CTX *
new_mac(const void *key, size_t len)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_end()
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac);
	if (ctx != NULL && EVP_MAC_init(ctx, key, len, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static bool
add_mac(EVP_MAC_CTX *ctx, struct text t)
{
	return EVP_MAC_update(ctx, (const unsigned char *)t.at, t.len) == 1;
}

static bool
end_mac(EVP_MAC_CTX *ctx, uint8_t to[SCRAM_KEY])
{
	size_t len;

	return EVP_MAC_final(ctx, to, &len, SCRAM_KEY) == 1;
}

/* The MAC of n texts, one behind the other. */
static int
sign(const uint8_t key[SCRAM_KEY], const struct text *texts, size_t n,
    uint8_t to[SCRAM_KEY])
{
	EVP_MAC_CTX *ctx = new_mac(key, SCRAM_KEY);
	bool ok = ctx != NULL;

	for (size_t i = 0; ok && i < n; i++)
		ok = add_mac(ctx, texts[i]);
	ok = ok && end_mac(ctx, to);
	EVP_MAC_CTX_free(ctx);
	return ok ? 0 : -1;
}

static int
hash_key(const uint8_t key[SCRAM_KEY], uint8_t to[SCRAM_KEY])
{
	unsigned len;

	return EVP_Digest(key, SCRAM_KEY, to, &len, EVP_sha256(), NULL) == 1 ?
	    0 : -1;
}

static void
xor_key(uint8_t to[SCRAM_KEY], const uint8_t with[SCRAM_KEY])
{
	for (int i = 0; i < SCRAM_KEY; i++)
		to[i] ^= with[i];
}

/* ---- stored secrets ---------------------------------------------------- */

/* Digits only; no sign, no blank. */
static bool
read_count(struct text t, int64_t most, uint32_t *to)
{
	int64_t n;

	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	if (t.len == 0 || number_int(t, 10, 1, most, &n, NULL) < 0)
		return false;
	*to = (uint32_t)n;
	return true;
}

static bool
read_key(struct text t, uint8_t to[SCRAM_KEY])
{
	uint8_t bytes[BASE64_BYTES(KEY_TEXT)];
	size_t len;
	bool ok;

	ok = t.len == KEY_TEXT && base64_read(t, bytes, &len) &&
	    len == SCRAM_KEY;
	if (ok)
		memcpy(to, bytes, SCRAM_KEY);
	secret_wipe(bytes, sizeof bytes);
	return ok;
}

/* Base64 of at least one byte: told without keeping the bytes. */
static bool
is_salt(struct text t)
{
	uint8_t bytes[3];
	size_t len;

	if (t.len == 0 || t.len % 4 != 0)
		return false;
	for (; t.len > 0; t = text_from(t, 4))
		if (!base64_read((struct text){ t.at, 4 }, bytes, &len) ||
		    (len < 3 && t.len > 4))
			return false;
	return true;
}

int
scram_secret_parse(struct text t, struct scram_secret *to)
{
	struct text piece, rest = t;

	*to = (struct scram_secret){ .iterations = 0 };
	if (!text_split(&rest, '$', &piece) ||
	    !text_is(piece, SCRAM_MECHANISM) ||
	    !text_split(&rest, ':', &piece) ||
	    !read_count(piece, INT32_MAX, &to->iterations) ||
	    !text_split(&rest, '$', &to->salt) || !is_salt(to->salt) ||
	    !text_split(&rest, ':', &piece) ||
	    !read_key(piece, to->stored) || !read_key(rest, to->server))
		return -1;
	return 0;
}

bool
scram_is_secret(struct text t)
{
	struct scram_secret s;
	bool is = scram_secret_parse(t, &s) == 0;

	secret_wipe(&s, sizeof s);
	return is;
}

struct scram_secret
scram_secret_of(const struct scram_keys *keys, struct text salt,
    uint32_t iterations)
{
	struct scram_secret s = { .iterations = iterations, .salt = salt };

	memcpy(s.stored, keys->stored, SCRAM_KEY);
	memcpy(s.server, keys->server, SCRAM_KEY);
	return s;
}

int
scram_secret_print(const struct scram_secret *s, char *to, size_t room)
{
	char stored[KEY_TEXT], server[KEY_TEXT];
	int n;

	base64_write(s->stored, SCRAM_KEY, stored);
	base64_write(s->server, SCRAM_KEY, server);
	n = snprintf(to, room, "%s$%u:%.*s$%.*s:%.*s", SCRAM_MECHANISM,
	    s->iterations, TEXT_ARG(s->salt), KEY_TEXT, stored, KEY_TEXT,
	    server);
	secret_wipe(stored, sizeof stored);
	secret_wipe(server, sizeof server);
	return n > 0 && (size_t)n < room ? 0 : -1;
}

int
scram_secret_mock(struct text user, const uint8_t key[SCRAM_KEY],
    uint32_t iterations, char room[SCRAM_SALT_TEXT], struct scram_secret *to)
{
	uint8_t salt[SCRAM_KEY];

	*to = (struct scram_secret){ .iterations = iterations, .never = true };
	if (sign(key, &user, 1, salt) < 0)
		return -1;
	to->salt = (struct text){ room, base64_write(salt, SCRAM_SALT, room) };
	/* What is compared with is as good as any; 'never' decides. */
	memcpy(to->stored, salt, SCRAM_KEY);
	memcpy(to->server, salt, SCRAM_KEY);
	return 0;
}

static int
write_random(size_t len, char *to)
{
	uint8_t bytes[SCRAM_KEY];

	if (RAND_bytes(bytes, (int)len) != 1)
		return -1;
	base64_write(bytes, len, to);
	secret_wipe(bytes, sizeof bytes);
	return 0;
}

int
scram_nonce(char to[SCRAM_NONCE_TEXT])
{
	return write_random(BASE64_BYTES(SCRAM_NONCE_TEXT), to);
}

int
scram_salt(char to[SCRAM_SALT_TEXT])
{
	return write_random(SCRAM_SALT, to);
}

/* ---- from password to keys --------------------------------------------- */

struct scram_derive {
	EVP_MAC_CTX *mac;		/* keyed with the password */
	uint32_t left;			/* rounds to go */
	bool failed;
	uint8_t round[SCRAM_KEY];	/* the last U */
	uint8_t salted[SCRAM_KEY];	/* their sum so far */
};

static EVP_MAC_CTX *
new_password_mac(struct text password)
{
	char *prepared = secret_get(password.len);
	EVP_MAC_CTX *mac;

	if (prepared == NULL)
		return NULL;
	mac = new_mac(prepared, password_prepare(password, prepared));
	secret_drop(prepared);
	return mac;
}

struct scram_derive *
scram_derive_new(struct text password, struct text salt, uint32_t iterations)
{
	struct scram_derive *d;

	if (password.len == 0 || iterations == 0)
		return NULL;
	d = secret_get(sizeof *d);
	if (d == NULL)
		return NULL;
	d->mac = new_password_mac(password);
	if (d->mac == NULL) {
		scram_derive_free(&d);
		return NULL;
	}
	d->left = iterations - 1;
	d->failed = !add_mac(d->mac, salt) ||
	    !add_mac(d->mac, TEXT("\0\0\0\1")) || !end_mac(d->mac, d->round);
	memcpy(d->salted, d->round, SCRAM_KEY);
	return d;
}

bool
scram_derive_step(struct scram_derive *d, uint32_t rounds)
{
	const struct text round = { (const char *)d->round, SCRAM_KEY };

	for (; rounds > 0 && d->left > 0 && !d->failed; rounds--) {
		d->failed = EVP_MAC_init(d->mac, NULL, 0, NULL) != 1 ||
		    !add_mac(d->mac, round) || !end_mac(d->mac, d->round);
		xor_key(d->salted, d->round);
		d->left--;
	}
	return d->left == 0 || d->failed;
}

int
scram_derive_keys(const struct scram_derive *d, struct scram_keys *to)
{
	const struct text client = TEXT("Client Key");
	const struct text server = TEXT("Server Key");

	if (d->left > 0 || d->failed ||
	    sign(d->salted, &client, 1, to->client) < 0 ||
	    sign(d->salted, &server, 1, to->server) < 0)
		return -1;
	return hash_key(to->client, to->stored);
}

void
scram_derive_free(struct scram_derive **dp)
{
	struct scram_derive *d = *dp;

	*dp = NULL;
	if (d == NULL)
		return;
	EVP_MAC_CTX_free(d->mac);
	secret_drop(d);
}

struct scram_derive *
scram_derive_begin(struct text password, struct text salt, uint32_t iterations)
{
	struct scram_derive *d = NULL;
	uint8_t *raw = secret_get(salt.len + 1);
	size_t len;

	if (raw != NULL && base64_read(salt, raw, &len))
		d = scram_derive_new(password,
		    (struct text){ (char *)raw, len }, iterations);
	secret_drop(raw);
	return d;
}

int
scram_derive(struct text password, struct text salt, uint32_t iterations,
    struct scram_keys *to)
{
	struct scram_derive *d = scram_derive_begin(password, salt, iterations);
	int outcome;

	if (d == NULL)
		return -1;
	while (!scram_derive_step(d, iterations))
		;
	outcome = scram_derive_keys(d, to);
	scram_derive_free(&d);
	return outcome;
}

bool
scram_check_password(struct text stored, struct text password)
{
	struct scram_secret s;
	struct scram_keys keys;
	bool same;

	same = scram_secret_parse(stored, &s) == 0 &&
	    scram_derive(password, s.salt, s.iterations, &keys) == 0 &&
	    secret_same(keys.stored, s.stored, SCRAM_KEY);
	secret_wipe(&keys, sizeof keys);
	secret_wipe(&s, sizeof s);
	return same;
}

/* ---- what both sides share --------------------------------------------- */

/* Where an exchange is. Whatever fails breaks it for good. */
enum stage { BROKEN, FIRST, FINAL, VERIFY, DONE };

/* The next "x=value" of a comma separated list. */
static bool
read_attribute(struct text *rest, char name, struct text *value)
{
	struct text piece;

	if (!text_split(rest, ',', &piece) || piece.len < 2 ||
	    piece.at[0] != name || piece.at[1] != '=')
		return false;
	*value = text_from(piece, 2);
	return true;
}

/* Extensions are ignored, those that say they must not be are refused. */
static bool
may_ignore(struct text rest)
{
	struct text piece;

	while (text_split(&rest, ',', &piece))
		if (piece.len < 2 || piece.at[1] != '=' || piece.at[0] == 'm')
			return false;
	return true;
}

static bool
is_printable(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] < 0x21 || t.at[i] > 0x7e)
			return false;
	return t.len > 0;
}

/* The three messages that both proofs are made of, commas between. */
struct auth_message {
	struct text texts[5];
};

static struct auth_message
join_messages(struct text first_bare, struct text server_first,
    struct text final_bare)
{
	return (struct auth_message){ { first_bare, TEXT(","), server_first,
	    TEXT(","), final_bare } };
}

static int
sign_messages(const uint8_t key[SCRAM_KEY], const struct auth_message *m,
    uint8_t to[SCRAM_KEY])
{
	return sign(key, m->texts, 5, to);
}

/* Texts joined into a fresh one in secret memory, NUL behind. */
static int
join(struct text *to, const struct text *texts, size_t n)
{
	size_t len = 0;
	char *at;

	for (size_t i = 0; i < n; i++)
		len += texts[i].len;
	at = secret_get(len + 1);
	if (at == NULL)
		return -1;
	*to = (struct text){ at, len };
	for (size_t i = 0; i < n; at += texts[i++].len)
		if (texts[i].len > 0)
			memcpy(at, texts[i].at, texts[i].len);
	return 0;
}

#define JOIN(to, ...)							\
	join(to, (const struct text[]){ __VA_ARGS__ },			\
	    sizeof (const struct text[]){ __VA_ARGS__ } / sizeof(struct text))

/* Texts of an exchange are made by join and owned by it. */
static void
drop(struct text *t)
{
	secret_drop((void *)(uintptr_t)t->at);
	*t = TEXT_NONE;
}

/* ---- the server's side -------------------------------------------------- */

struct scram_server {
	enum stage stage;
	struct scram_secret secret;
	struct text salt;		/* copy behind secret.salt */
	struct text nonce;		/* ours; from FINAL on theirs and ours */
	struct text binding;		/* what c= must be (static) */
	struct text first_bare;		/* client-first-message-bare */
	struct text first;		/* server-first-message */
	struct text final;		/* server-final-message */
	uint8_t client_key[SCRAM_KEY];
};

int
scram_initial_parse(struct text body, struct text *mechanism,
    struct text *data)
{
	struct message_reader r = message_reader(body);

	if (!message_read_string(&r, mechanism) ||
	    !message_read_value(&r, data) || !message_at_end(&r))
		return -1;
	return 0;
}

struct scram_server *
scram_server_new(const struct scram_secret *secret, struct text nonce)
{
	struct scram_server *s = secret_get(sizeof *s);

	if (s == NULL)
		return NULL;
	s->stage = FIRST;
	s->secret = *secret;
	if (JOIN(&s->salt, secret->salt) < 0 || JOIN(&s->nonce, nonce) < 0)
		scram_server_free(&s);
	else
		s->secret.salt = s->salt;
	return s;
}

void
scram_server_free(struct scram_server **sp)
{
	struct scram_server *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	drop(&s->salt);
	drop(&s->nonce);
	drop(&s->first_bare);
	drop(&s->first);
	drop(&s->final);
	secret_drop(s);
}

/* "n,," or "y,,"; *rest moves behind it. */
static int
read_binding(struct text *rest, struct text *binding, struct why *why)
{
	struct text flag, identity;

	if (!text_split(rest, ',', &flag))
		return why_set(why, "malformed SCRAM message");
	if (text_is(flag, "n"))
		*binding = TEXT("biws");
	else if (text_is(flag, "y"))
		*binding = TEXT("eSws");
	else if (text_begins(flag, "p="))
		return why_set(why, "client requires SCRAM channel binding, "
		    "but it is not supported");
	else
		return why_set(why, "malformed SCRAM message: "
		    "unexpected channel-binding flag");
	if (!text_split(rest, ',', &identity) || rest->at == NULL)
		return why_set(why, "malformed SCRAM message");
	if (identity.len > 0)
		return why_set(why, "client uses authorization identity, "
		    "but it is not supported");
	return 0;
}

/* "n=NAME,r=NONCE"; the name does not count, the startup packet's does. */
static int
read_client_first(struct text bare, struct text *nonce, struct why *why)
{
	struct text name;

	if (text_begins(bare, "m="))
		return why_set(why,
		    "client requires an unsupported SCRAM extension");
	if (!read_attribute(&bare, 'n', &name) ||
	    !read_attribute(&bare, 'r', nonce) || !may_ignore(bare))
		return why_set(why, "malformed SCRAM message");
	if (!is_printable(*nonce))
		return why_set(why, "non-printable characters in SCRAM nonce");
	return 0;
}

static int
make_server_first(struct scram_server *s, struct text bare, struct text theirs)
{
	char count[16];
	struct text both;

	snprintf(count, sizeof count, ",i=%u", s->secret.iterations);
	if (JOIN(&both, theirs, s->nonce) < 0)
		return -1;
	drop(&s->nonce);
	s->nonce = both;
	if (JOIN(&s->first_bare, bare) < 0)
		return -1;
	return JOIN(&s->first, TEXT("r="), both, TEXT(",s="), s->secret.salt,
	    text_of(count));
}

int
scram_server_first(struct scram_server *s, struct text message,
    struct text *answer, struct why *why)
{
	struct text bare = message, theirs;
	bool expected = s->stage == FIRST;

	s->stage = BROKEN;
	if (!expected)
		return why_set(why, "SCRAM message out of order");
	if (read_binding(&bare, &s->binding, why) < 0 ||
	    read_client_first(bare, &theirs, why) < 0)
		return -1;
	if (make_server_first(s, bare, theirs) < 0)
		return why_set(why, "out of memory");
	s->stage = FINAL;
	*answer = s->first;
	return 0;
}

struct client_final {
	struct text bare;		/* all before ",p=" */
	struct text binding, nonce;
	uint8_t proof[SCRAM_KEY];
};

/* "c=BINDING,r=NONCE[,x=...],p=PROOF", the proof last. */
static int
read_client_final(struct text message, struct client_final *f)
{
	struct text rest = message, piece, extensions;

	if (!read_attribute(&rest, 'c', &f->binding) ||
	    !read_attribute(&rest, 'r', &f->nonce))
		return -1;
	extensions = rest;
	do {
		if (!text_split(&rest, ',', &piece))
			return -1;
	} while (rest.at != NULL);
	if (!text_begins(piece, "p=") ||
	    !read_key(text_from(piece, 2), f->proof))
		return -1;
	f->bare = (struct text){ message.at,
	    (size_t)(piece.at - message.at) - 1 };
	extensions.len -= piece.len;
	if (extensions.len > 0)
		extensions.len--;
	return extensions.len == 0 || may_ignore(extensions) ? 0 : -1;
}

/* ClientKey = proof xor HMAC(StoredKey, messages); its hash tells. */
static int
check_proof(struct scram_server *s, struct client_final *f,
    const struct auth_message *m)
{
	uint8_t hash[SCRAM_KEY];

	if (sign_messages(s->secret.stored, m, s->client_key) < 0)
		return -1;
	xor_key(s->client_key, f->proof);
	if (hash_key(s->client_key, hash) < 0 ||
	    !secret_same(hash, s->secret.stored, SCRAM_KEY) ||
	    s->secret.never) {
		secret_wipe(s->client_key, SCRAM_KEY);
		return -1;
	}
	return 0;
}

static int
make_server_final(struct scram_server *s, const struct auth_message *m)
{
	uint8_t signature[SCRAM_KEY];
	char text[KEY_TEXT];

	if (sign_messages(s->secret.server, m, signature) < 0)
		return -1;
	base64_write(signature, SCRAM_KEY, text);
	return JOIN(&s->final, TEXT("v="), (struct text){ text, KEY_TEXT });
}

int
scram_server_final(struct scram_server *s, struct text message,
    struct text *answer, struct why *why)
{
	struct client_final f = { .bare = TEXT_NONE };
	struct auth_message m;
	bool expected = s->stage == FINAL;

	s->stage = BROKEN;
	if (!expected)
		return why_set(why, "SCRAM message out of order");
	if (read_client_final(message, &f) < 0)
		return why_set(why, "malformed SCRAM message");
	if (!text_same(f.binding, s->binding))
		return why_set(why, "unexpected SCRAM channel-binding "
		    "attribute in client-final-message");
	if (!text_same(f.nonce, s->nonce))
		return why_set(why, "SCRAM nonce does not match");
	m = join_messages(s->first_bare, s->first, f.bare);
	if (check_proof(s, &f, &m) < 0)
		return why_set(why, "password does not match");
	if (make_server_final(s, &m) < 0)
		return why_set(why, "out of memory");
	s->stage = DONE;
	*answer = s->final;
	return 0;
}

int
scram_server_keys(const struct scram_server *s, struct scram_keys *to)
{
	if (s->stage != DONE)
		return -1;
	memcpy(to->client, s->client_key, SCRAM_KEY);
	memcpy(to->stored, s->secret.stored, SCRAM_KEY);
	memcpy(to->server, s->secret.server, SCRAM_KEY);
	return 0;
}

/* ---- the client's side -------------------------------------------------- */

struct scram_client {
	enum stage stage;
	struct text first;		/* client-first-message */
	struct text server_first;
	struct text nonce;		/* ours and theirs; in server_first */
	struct text salt;		/* raw */
	uint32_t iterations;
	struct text final;		/* client-final-message */
	uint8_t signature[SCRAM_KEY];	/* what the server must answer */
};

enum { BINDING = 3 };			/* "n,," in front of first's bare part */

bool
scram_offered(struct text mechanisms)
{
	struct message_reader r = message_reader(mechanisms);
	struct text name;
	bool offered = false;

	while (message_read_string(&r, &name)) {
		if (name.len == 0)
			return offered && message_at_end(&r);
		if (text_is(name, SCRAM_MECHANISM))
			offered = true;
	}
	return false;
}

struct scram_client *
scram_client_new(struct text nonce)
{
	struct scram_client *c = secret_get(sizeof *c);

	if (c == NULL)
		return NULL;
	c->stage = FIRST;
	/* The name is that of the startup packet; PostgreSQL ignores this. */
	if (JOIN(&c->first, TEXT("n,,n=,r="), nonce) < 0)
		scram_client_free(&c);
	return c;
}

void
scram_client_free(struct scram_client **cp)
{
	struct scram_client *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	drop(&c->first);
	drop(&c->server_first);
	drop(&c->salt);
	drop(&c->final);
	secret_drop(c);
}

struct text
scram_client_first(const struct scram_client *c)
{
	return c->first;
}

static struct text
client_nonce(const struct scram_client *c)
{
	return text_from(c->first, strlen("n,,n=,r="));
}

/* "r=NONCE,s=SALT,i=COUNT[,x=...]" out of c->server_first. */
static int
read_server_first(struct scram_client *c, struct text *salt, struct why *why)
{
	struct text ours = client_nonce(c), rest = c->server_first, count;

	if (text_begins(rest, "m="))
		return why_set(why,
		    "server requires an unsupported SCRAM extension");
	if (!read_attribute(&rest, 'r', &c->nonce) ||
	    !read_attribute(&rest, 's', salt) ||
	    !read_attribute(&rest, 'i', &count) || !may_ignore(rest))
		return why_set(why, "malformed SCRAM message");
	if (c->nonce.len <= ours.len || !is_printable(c->nonce) ||
	    memcmp(c->nonce.at, ours.at, ours.len) != 0)
		return why_set(why, "invalid SCRAM response (nonce mismatch)");
	if (!is_salt(*salt))
		return why_set(why, "malformed SCRAM message (invalid salt)");
	if (!read_count(count, SCRAM_ITERATIONS_MOST, &c->iterations))
		return why_set(why, "malformed SCRAM message "
		    "(invalid iteration count, at most %d are accepted)",
		    SCRAM_ITERATIONS_MOST);
	return 0;
}

static int
decode_salt(struct scram_client *c, struct text salt)
{
	char *raw = secret_get(BASE64_BYTES(salt.len));

	if (raw == NULL)
		return -1;
	c->salt.at = raw;
	return base64_read(salt, raw, &c->salt.len) ? 0 : -1;
}

int
scram_client_challenge(struct scram_client *c, struct text message,
    struct why *why)
{
	struct text salt;
	bool expected = c->stage == FIRST;

	c->stage = BROKEN;
	if (!expected)
		return why_set(why, "SCRAM message out of order");
	if (JOIN(&c->server_first, message) < 0)
		return why_set(why, "out of memory");
	if (read_server_first(c, &salt, why) < 0)
		return -1;
	if (decode_salt(c, salt) < 0)
		return why_set(why, "out of memory");
	c->stage = FINAL;
	return 0;
}

struct text
scram_client_salt(const struct scram_client *c)
{
	return c->salt;
}

uint32_t
scram_client_iterations(const struct scram_client *c)
{
	return c->iterations;
}

int
scram_client_final(struct scram_client *c, const struct scram_keys *keys,
    struct text *message)
{
	const struct text bare[] = { TEXT("c=biws,r="), c->nonce };
	uint8_t proof[SCRAM_KEY];
	char text[KEY_TEXT];
	struct auth_message m;
	struct text joined;
	bool expected = c->stage == FINAL;

	c->stage = BROKEN;
	if (!expected || join(&joined, bare, 2) < 0)
		return -1;
	m = join_messages(text_from(c->first, BINDING), c->server_first,
	    joined);
	if (sign_messages(keys->stored, &m, proof) == 0 &&
	    sign_messages(keys->server, &m, c->signature) == 0) {
		xor_key(proof, keys->client);
		base64_write(proof, SCRAM_KEY, text);
		if (JOIN(&c->final, joined, TEXT(",p="),
		    (struct text){ text, KEY_TEXT }) == 0)
			c->stage = VERIFY;
	}
	drop(&joined);
	*message = c->final;
	return c->stage == VERIFY ? 0 : -1;
}

int
scram_client_verify(struct scram_client *c, struct text message,
    struct why *why)
{
	struct text rest = message, value;
	uint8_t signature[SCRAM_KEY];
	bool expected = c->stage == VERIFY;

	c->stage = BROKEN;
	if (!expected)
		return why_set(why, "SCRAM message out of order");
	if (read_attribute(&rest, 'e', &value))
		return why_set(why, "error received from server in SCRAM "
		    "exchange: %.*s", is_printable(value) ?
		    (int)value.len : 0, value.at);
	rest = message;
	if (!read_attribute(&rest, 'v', &value) || !may_ignore(rest) ||
	    !read_key(value, signature))
		return why_set(why, "malformed SCRAM message");
	if (!secret_same(signature, c->signature, SCRAM_KEY))
		return why_set(why, "invalid server signature");
	c->stage = DONE;
	return 0;
}
