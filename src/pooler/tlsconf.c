/* SPDX-License-Identifier: ISC */
/* tlsconf.c - from the words of the settings to TLS contexts. Loop 0. */
#include <stdio.h>

#include <openssl/ssl.h>

#include "base/mem.h"
#include "pooler/tlsconf.h"

static struct tls *clients, *servers;
static char *server_mark;	/* the settings that 'servers' was made of */

struct tls *
pl_tlsconf_clients(void)
{
	return clients;
}

struct tls *
pl_tlsconf_servers(void)
{
	return servers;
}

static const struct {
	const char *word;
	unsigned bits;		/* 1: 1.0 ... 8: 1.3 */
} protocol_words[] = {
	{ "tlsv1.0", 1 }, { "tlsv1.1", 2 }, { "tlsv1.2", 4 },
	{ "tlsv1.3", 8 }, { "tlsv1", 15 }, { "all", 15 },
	{ "secure", 12 }, { "default", 12 },
};

static int
parse_protocols(const char *list, const char *key, unsigned *bits,
    struct why *why)
{
	struct text rest = text_of(list), word;

	*bits = 0;
	while (text_word(&rest, ",: \t", &word)) {
		bool without = word.at[0] == '!';
		size_t i = 0, n = sizeof protocol_words /
		    sizeof protocol_words[0];

		if (without)
			word = text_from(word, 1);
		while (i < n && !text_is_nocase(word, protocol_words[i].word))
			i++;
		if (i == n)
			return why_set(why, "invalid %s: %s", key, list);
		if (without)
			*bits &= ~protocol_words[i].bits;
		else
			*bits |= protocol_words[i].bits;
	}
	return *bits == 0 ? why_set(why, "invalid %s: %s", key, list) : 0;
}

static void
set_versions(struct tls_options *o, unsigned bits)
{
	static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION,
	    TLS1_2_VERSION, TLS1_3_VERSION };
	static const unsigned long no[] = { SSL_OP_NO_TLSv1,
	    SSL_OP_NO_TLSv1_1, SSL_OP_NO_TLSv1_2, SSL_OP_NO_TLSv1_3 };

	for (int i = 0; i < 4; i++) {
		if ((bits & 1u << i) == 0) {
			o->no_versions |= no[i];
			continue;
		}
		if (o->min_version == 0)
			o->min_version = versions[i];
		o->max_version = versions[i];
	}
}

static const char *
cipher_list(const char *setting)
{
	struct text t = text_of(setting);

	if (t.len == 0 || text_is_nocase(t, "default") ||
	    text_is_nocase(t, "secure") || text_is_nocase(t, "normal") ||
	    text_is_nocase(t, "fast"))
		return NULL;
	return text_is_nocase(t, "all") ? "ALL:!aNULL:!eNULL" : setting;
}

static struct tls *
make_clients(const struct pl_settings *set, struct why *why)
{
	enum pl_sslmode mode = set->client_tls_sslmode;
	struct tls_options o = {
		.server = true,
		.ca_file = set->client_tls_ca_file,
		.cert_file = set->client_tls_cert_file,
		.key_file = set->client_tls_key_file,
		.ciphers = cipher_list(set->client_tls_ciphers),
		.ciphersuites = set->client_tls13_ciphers,
		.dh_auto = strcmp(set->client_tls_dheparams, "none") != 0,
		.alpn = "postgresql",
	};
	struct text curve = text_of(set->client_tls_ecdhcurve);
	unsigned bits;

	if (set->client_tls_cert_file[0] == '\0' ||
	    set->client_tls_key_file[0] == '\0') {
		why_set(why, "To allow TLS connections from clients, "
		    "client_tls_key_file and client_tls_cert_file must be "
		    "set.");
		return NULL;
	}
	if (mode >= PL_SSL_VERIFY_CA && o.ca_file[0] == '\0') {
		why_set(why, "client_tls_sslmode requires client_tls_ca_file");
		return NULL;
	}
	if (parse_protocols(set->client_tls_protocols,
	    "client_tls_protocols", &bits, why) < 0)
		return NULL;
	set_versions(&o, bits);
	if (!text_is_nocase(curve, "auto") && !text_is_nocase(curve, "none"))
		o.curves = set->client_tls_ecdhcurve;
	o.verify = mode >= PL_SSL_VERIFY_CA ? TLS_VERIFY_REQUIRED :
	    o.ca_file[0] != '\0' ? TLS_VERIFY_OPTIONAL : TLS_VERIFY_NONE;
	return tls_new(&o, why);
}

static struct tls *
make_servers(const struct pl_settings *set, struct why *why)
{
	enum pl_sslmode mode = set->server_tls_sslmode;
	struct tls_options o = {
		.ca_file = set->server_tls_ca_file,
		.cert_file = set->server_tls_cert_file,
		.key_file = set->server_tls_key_file,
		.ciphers = cipher_list(set->server_tls_ciphers),
		.ciphersuites = set->server_tls13_ciphers,
		.verify = mode >= PL_SSL_VERIFY_CA ? TLS_VERIFY_REQUIRED :
		    TLS_VERIFY_NONE,
		.verify_name = mode == PL_SSL_VERIFY_FULL,
		.alpn = "postgresql",
	};
	unsigned bits;

	if (parse_protocols(set->server_tls_protocols,
	    "server_tls_protocols", &bits, why) < 0)
		return NULL;
	set_versions(&o, bits);
	return tls_new(&o, why);
}

/* Everything that makes a server connection another one when it changes. */
static char *
mark_servers(const struct pl_settings *set)
{
	return mem_print("%d|%s|%s|%s|%s|%s|%s", set->server_tls_sslmode,
	    set->server_tls_ca_file, set->server_tls_cert_file,
	    set->server_tls_key_file, set->server_tls_protocols,
	    set->server_tls_ciphers, set->server_tls13_ciphers == NULL ? "" :
	    set->server_tls13_ciphers);
}

static int
check_cert(const struct pl_settings *set, struct why *why)
{
	if (set->auth_type != PL_AUTH_CERT)
		return 0;
	if (set->client_tls_sslmode != PL_SSL_VERIFY_FULL)
		return why_set(why, "auth_type=cert requires "
		    "client_tls_sslmode=SSLMODE_VERIFY_FULL");
	if (set->client_tls_ca_file[0] == '\0')
		return why_set(why, "auth_type=cert requires "
		    "client_tls_ca_file");
	return 0;
}

int
pl_tlsconf_apply(const struct pl_settings *set, bool *servers_changed,
    struct why *why)
{
	struct tls *to_clients = NULL, *to_servers = NULL;
	char *mark = mark_servers(set);

	*servers_changed = false;
	if (mark == NULL)
		return why_set(why, "out of memory");
	if (check_cert(set, why) < 0) {
		mem_drop(mark);
		return -1;
	}
	if (set->client_tls_sslmode != PL_SSL_DISABLE &&
	    (to_clients = make_clients(set, why)) == NULL) {
		mem_drop(mark);
		return -1;
	}
	if (set->server_tls_sslmode != PL_SSL_DISABLE &&
	    (to_servers = make_servers(set, why)) == NULL) {
		tls_drop(&to_clients);
		mem_drop(mark);
		return -1;
	}
	*servers_changed = server_mark != NULL &&
	    strcmp(server_mark, mark) != 0;
	pl_tlsconf_fini();
	clients = to_clients;
	servers = to_servers;
	server_mark = mark;
	return 0;
}

void
pl_tlsconf_fini(void)
{
	tls_drop(&clients);
	tls_drop(&servers);
	mem_drop(server_mark);
	server_mark = NULL;
}
