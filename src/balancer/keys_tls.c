/* SPDX-License-Identifier: ISC */
/*
 * keys_tls.c - options of TLS, one row each. Rows whose 'in' has GLOBAL may
 * stand in ssl-default-bind-options (BIND) and ssl-default-server-options
 * (SERVER). Constant; see keys_tls.h.
 */
#include <stddef.h>

#include "balancer/expression.h"
#include "balancer/keys_tls.h"
#include "balancer/tickets.h"

#define TLS(field)	offsetof(struct lb_tls_conf, field)
#define G	LB_IN_GLOBAL
#define B	LB_IN_BIND
#define S	(LB_IN_SERVER | LB_IN_DEFAULT_SERVER)

const char *
lb_keys_tls_file(struct lb_parse *p, const char *key, const char *base,
    const char *path)
{
	struct text ignored;
	struct why why;

	if (base != NULL && path[0] != '/' && path[0] != '@')
		path = arena_print(p->arena, "%s/%s", base, path);
	path = lb_parse_path(p, path);
	if (path[0] == '@' || p->source->fetch == NULL ||
	    p->source->fetch(p->source->arg, path, &ignored, &why) >= 0)
		return path;
	lb_parse_alert(p, "'%s' : unable to load '%s' : %s.", key, path,
	    why.line);
	return NULL;
}

static int
read_file(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *path = lb_key_value(p, key, w, at);

	path = path == NULL ? NULL : lb_keys_tls_file(p, key->name,
	    p->setup->global.ca_base, path);
	if (path == NULL)
		return -1;
	*(const char **)((char *)object + key->at) = path;
	return 1;
}

static int
read_cert(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *path = lb_key_value(p, key, w, at);
	struct lb_tls_conf *to = object;
	struct lb_cert_conf *cert;

	path = path == NULL ? NULL : lb_keys_tls_file(p, key->name,
	    p->setup->global.crt_base, path);
	if (path == NULL)
		return -1;
	cert = lb_parse_get(p, sizeof *cert);
	cert->path = path;
	cert->usual = key->value;
	arena_add(p->arena, &to->certs, cert);
	return 1;
}

/* ---- crt-list ---------------------------------------------------------- */

/* [alpn h2 verify none]: the words between the brackets. */
static void
read_cert_options(struct lb_parse *p, const char *file, unsigned line,
    struct text t, struct lb_cert_conf *cert)
{
	struct lb_tls_conf *own = lb_parse_get(p, sizeof *own);
	ARENA_LIST(const char) list = { NULL, 0, 0 };
	struct lb_place before = p->place;
	struct lb_words w;
	struct text word;

	while (text_word(&t, " \t", &word))
		arena_add(p->arena, &list, arena_copy(p->arena, word));
	arena_add(p->arena, &list, "");
	p->place = (struct lb_place){ lb_parse_copy(p, file), line };
	w = (struct lb_words){ p->place, list.count - 1, list.at };
	for (unsigned at = 0; at < w.count;) {
		unsigned n;
		const struct lb_key *key = lb_key_find(lb_keys_tls, &w, at,
		    &n);
		int taken = -1;

		if (key == NULL || !(key->in & B))
			lb_parse_alert(p, "unknown keyword '%s' in a "
			    "crt-list", w.at[at]);
		else
			taken = lb_key_apply(p, key, &w, at + n, false, own);
		if (taken < 0)
			break;
		at += n + (unsigned)taken;
	}
	p->place = before;
	cert->own = own;
}

struct lb_cert_conf *
lb_keys_tls_line(struct lb_parse *p, const char *list, unsigned number,
    struct text line)
{
	struct lb_cert_conf *cert = lb_parse_get(p, sizeof *cert);
	ARENA_LIST(const char) filters = { NULL, 0, 0 };
	const char *open, *close = NULL;
	struct text word;

	if (!text_word(&line, " \t", &word))
		return NULL;
	cert->list = list;
	cert->line = number;
	cert->usual = text_ends(word, "*");
	if (cert->usual)
		word.len--;
	cert->path = lb_keys_tls_file(p, "crt-list", p->setup->global.crt_base,
	    arena_copy(p->arena, word));
	open = line.len == 0 ? NULL : memchr(line.at, '[', line.len);
	if (open != NULL)
		close = memchr(open, ']', line.len -
		    (size_t)(open - line.at));
	if (close != NULL) {
		struct text options = { open + 1, (size_t)(close - open - 1) };

		cert->options = arena_copy(p->arena, options);
		read_cert_options(p, list, number, options, cert);
		line = text_from(line, (size_t)(close - line.at) + 1);
	} else if (open != NULL)
		lb_parse_alert(p, "'crt-list' : missing ']' in line %u of "
		    "'%s'", number, list);
	while (text_word(&line, " \t", &word))
		arena_add(p->arena, &filters, arena_copy(p->arena,
		    word));
	cert->filters = filters.at;
	cert->filter_count = filters.count;
	return cert;
}

static int
read_cert_list(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *path = lb_key_value(p, key, w, at);
	struct lb_tls_conf *to = object;
	struct text rest, line;
	unsigned number = 0;
	struct why why;

	if (path == NULL)
		return -1;
	path = lb_parse_path(p, path);
	arena_add(p->arena, &to->cert_lists, path);
	if (p->source->fetch == NULL)
		return 1;
	if (p->source->fetch(p->source->arg, path, &rest, &why) != 0) {
		lb_parse_alert(p, "'crt-list' : cannot open the file '%s'",
		    path);
		return -1;
	}
	while (rest.len > 0 && text_split(&rest, '\n', &line)) {
		number++;
		line = text_trim(line);
		if (line.len > 0 && line.at[0] != '#')
			arena_add(p->arena, &to->certs,
			    lb_keys_tls_line(p, path, number, line));
	}
	return 1;
}

static int
read_tickets(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *path = lb_key_value(p, key, w, at);
	struct lb_tls_conf *to = object;
	struct text text;
	struct why why;

	if (path == NULL)
		return -1;
	to->ticket_keys = path = lb_parse_path(p, path);
	if (p->source->fetch == NULL)
		return 1;
	if (p->source->fetch(p->source->arg, path, &text, &why) != 0) {
		lb_parse_alert(p, "'%s' : unable to load ssl tickets keys "
		    "file", path);
		return -1;
	}
	if (lb_tickets_check(text, &why) == 0)
		return 1;
	lb_parse_alert(p, "'%s' : %s", path, why.line);
	return -1;
}

/* ---- small ones -------------------------------------------------------- */

static int
read_verify(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at);
	struct lb_tls_conf *to = object;

	if (word == NULL)
		return -1;
	if (strcmp(word, "none") == 0)
		to->verify = LB_VERIFY_NONE;
	else if (strcmp(word, "required") == 0)
		to->verify = LB_VERIFY_REQUIRED;
	else if (strcmp(word, "optional") == 0 && p->section != NULL)
		to->verify = LB_VERIFY_OPTIONAL;
	else {
		lb_parse_alert(p, "'%s' : unknown verify method '%s', only "
		    "'none', 'optional', and 'required' are supported",
		    key->name, word);
		return -1;
	}
	return 1;
}

enum lb_tls
lb_keys_tls_version(const char *word)
{
	static const char *const names[] = { "SSLv3", "TLSv1.0", "TLSv1.1",
	    "TLSv1.2", "TLSv1.3" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], word) == 0)
			return LB_TLS_SSLV3 + i;
	return LB_TLS_UNSET;
}

static int
read_version(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at);
	struct lb_tls_conf *to = object;
	enum lb_tls version;

	if (word == NULL)
		return -1;
	version = lb_keys_tls_version(word);
	if (version == LB_TLS_UNSET) {
		lb_parse_alert(p, "'%s' : unknown SSL/TLS version", key->name);
		return -1;
	}
	*(key->value ? &to->most : &to->least) = version;
	return 1;
}

static int
force_version(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_tls_conf *to = object;

	to->least = to->most = (enum lb_tls)key->value;
	return 0;
}

static int
read_sni(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at);
	struct lb_tls_conf *to = object;
	struct why why;

	if (word == NULL)
		return -1;
	to->sni = lb_expression_text(p, word, NULL, "sni", &why);
	if (to->sni != NULL)
		return 1;
	lb_parse_alert(p, "error detected while parsing sni expression : %s.",
	    why.line);
	return -1;
}

/* ---- the table --------------------------------------------------------- */

#define FLAG(name, in, field, off, help)				\
	{ name, in, LB_CLASS_F, LB_KEY_FLAG, TLS(field), 0, 0, off,	\
	  false, NULL, 0, "", "off", NULL, false, help }
#define TEXT_OF(name, in, field, args, help)				\
	{ name, in, LB_CLASS_F, LB_KEY_TEXT, TLS(field), 0, 0, 0,	\
	  false, NULL, 1, args, "", NULL, false, help }
#define FILE_OF(name, in, field, help)					\
	{ name, in, LB_CLASS_F, LB_KEY_READ, TLS(field), 0, 0, 0,	\
	  false, read_file, 1, "<file>", "", NULL, false, help }
#define READ(name, in, read, value, args, help)				\
	{ name, in, LB_CLASS_F, LB_KEY_READ, 0, 0, 0, value,		\
	  false, read, 1, args, "", NULL, false, help }
#define BAN(name, version)						\
	{ name, G | B | S, LB_CLASS_F, LB_KEY_BITS, TLS(refused), 0, 0,	\
	  1 << version, false, NULL, 0, "", "off", NULL, false,		\
	  "this version is not spoken" }
#define IGNORED(name, in, class, words, advice)				\
	{ name, in, LB_CLASS_##class, LB_KEY_NOTHING, 0, 0, 0, 0,	\
	  false, NULL, words, words ? "<value>" : "", "", advice, false, \
	  "no effect" }

const struct lb_key lb_keys_tls[] = {
	IGNORED("allow-0rtt", B | S, W, 0, "Early data are not accepted."),
	TEXT_OF("alpn", B | S, alpn, "<protocols>",
	    "protocols that are offered, by ALPN"),
	FILE_OF("ca-file", B | S, ca_file, "authorities that are trusted"),
	TEXT_OF("ca-ignore-err", B, ca_ignore_err, "<list>",
	    "errors of the chain that are passed over"),
	IGNORED("ca-sign-file", B, W, 1, NULL),
	IGNORED("ca-sign-pass", B, W, 1, NULL),
	FILE_OF("ca-verify-file", B, ca_verify_file,
	    "authorities that are trusted, and not told to clients"),
	TEXT_OF("ciphers", B | S, ciphers, "<suites>",
	    "suites up to TLS 1.2"),
	TEXT_OF("ciphersuites", B | S, ciphersuites, "<suites>",
	    "suites of TLS 1.3"),
	TEXT_OF("client-sigalgs", B | S, client_sigalgs, "<list>",
	    "signatures for certificates of clients"),
	FILE_OF("crl-file", B | S, crl_file, "certificates that are revoked"),
	READ("crt", B | S, read_cert, 0, "<file|directory>",
	    "certificate with chain and key; a directory: all in it"),
	TEXT_OF("crt-ignore-err", B, crt_ignore_err, "<list>",
	    "errors of certificates that are passed over"),
	READ("crt-list", B, read_cert_list, 0, "<file>",
	    "file of certificates, their options and names"),
	TEXT_OF("curves", B | S, curves, "<list>", "groups of key exchange"),
	READ("default-crt", B, read_cert, 1, "<file>",
	    "certificate for names that no other fits"),
	TEXT_OF("ecdhe", B, ecdhe, "<curve>", "the one group of exchange"),
	READ("force-sslv3", G | B | S, force_version, LB_TLS_SSLV3, "",
	    "only SSLv3"),
	READ("force-tlsv10", G | B | S, force_version, LB_TLS_V10, "",
	    "only TLS 1.0"),
	READ("force-tlsv11", G | B | S, force_version, LB_TLS_V11, "",
	    "only TLS 1.1"),
	READ("force-tlsv12", G | B | S, force_version, LB_TLS_V12, "",
	    "only TLS 1.2"),
	READ("force-tlsv13", G | B | S, force_version, LB_TLS_V13, "",
	    "only TLS 1.3"),
	IGNORED("generate-certificates", B, W, 0,
	    "Write the certificates to files."),
	IGNORED("ktls", B | S, W, 1, NULL),
	IGNORED("no-alpn", B | S, S, 0, NULL),
	IGNORED("no-ca-names", B, S, 0, NULL),
	FLAG("no-ssl", S, on, 1, "no TLS"),
	IGNORED("no-ssl-reuse", S, S, 0, NULL),
	IGNORED("ssl-reuse", S, W, 0,
	    "Every connection to a server makes a full handshake."),
	BAN("no-sslv3", LB_TLS_SSLV3),
	FLAG("no-tls-tickets", G | B | S, no_tickets, 0,
	    "session tickets are not used"),
	FLAG("tls-tickets", G | B | S, no_tickets, 1,
	    "session tickets are used"),
	BAN("no-tlsv10", LB_TLS_V10),
	BAN("no-tlsv11", LB_TLS_V11),
	BAN("no-tlsv12", LB_TLS_V12),
	BAN("no-tlsv13", LB_TLS_V13),
	IGNORED("no-verifyhost", S, S, 0, NULL),
	IGNORED("npn", B | S, W, 1, "Write 'alpn'."),
	IGNORED("ocsp-update", B, W, 1, NULL),
	FLAG("prefer-client-ciphers", G | B, prefer_client_ciphers, 0,
	    "the client's order of suites wins"),
	TEXT_OF("sigalgs", B | S, sigalgs, "<list>", "signatures"),
	IGNORED("no-sni-auto", S, S, 0, NULL),
	IGNORED("sni-auto", S, W, 0, "Write 'sni'."),
	READ("sni", S, read_sni, 0, "<expr>", "name that is asked for"),
	FLAG("ssl", B | S, on, 0, "TLS"),
	READ("ssl-max-ver", G | B | S, read_version, 1, "<version>",
	    "last version that is spoken"),
	READ("ssl-min-ver", G | B | S, read_version, 0, "<version>",
	    "first version that is spoken"),
	FLAG("strict-sni", G | B, strict_sni, 0,
	    "names without a certificate are refused"),
	FLAG("no-strict-sni", B, strict_sni, 1, "the default is shown"),
	READ("tls-ticket-keys", B, read_tickets, 0, "<file>",
	    "keys of session tickets, shared with other processes"),
	READ("verify", B | S, read_verify, 0, "none|optional|required",
	    "is the other side's certificate asked for and checked?"),
	TEXT_OF("verifyhost", S, verify_host, "<name>",
	    "name that the certificate must have"),
	{ .name = NULL }
};
