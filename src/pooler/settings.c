/* SPDX-License-Identifier: ISC */
/*
 * settings.c - the pointer to the settings in force, the words of their
 * enumerations, and questions to rows. Loop 0 writes, any thread reads.
 */
#include <stddef.h>

#include "base/log.h"
#include "net/socket.h"
#include "net/tour.h"
#include "pooler/settings.h"

_Atomic(const struct pl_settings *) pl_settings_now;

const struct key_word pl_settings_modes[] = {
	{ "session", PL_MODE_SESSION, NULL },
	{ "transaction", PL_MODE_TRANSACTION, NULL },
	{ "statement", PL_MODE_STATEMENT, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_auth_types[] = {
	{ "any", PL_AUTH_ANY, NULL },
	{ "trust", PL_AUTH_TRUST, NULL },
	{ "plain", PL_AUTH_PLAIN, NULL },
	{ "md5", PL_AUTH_MD5, NULL },
	{ "cert", PL_AUTH_CERT, NULL },
	{ "hba", PL_AUTH_HBA, NULL },
	{ "ldap", PL_AUTH_LDAP, "logins are refused" },
	{ "pam", PL_AUTH_PAM, "logins are refused" },
	{ "scram-sha-256", PL_AUTH_SCRAM, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_sslmodes[] = {
	{ "disable", PL_SSL_DISABLE, NULL },
	{ "allow", PL_SSL_ALLOW, NULL },
	{ "prefer", PL_SSL_PREFER, NULL },
	{ "require", PL_SSL_REQUIRE, NULL },
	{ "verify-ca", PL_SSL_VERIFY_CA, NULL },
	{ "verify-full", PL_SSL_VERIFY_FULL, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_balances[] = {
	{ "round-robin", PL_BALANCE_ROUND_ROBIN, NULL },
	{ "disable", PL_BALANCE_DISABLE, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_engines[] = {
	{ "auto", PL_ENGINE_AUTO, NULL },
	{ "event", PL_ENGINE_EVENT, NULL },
	{ "uring", PL_ENGINE_URING, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_log_formats[] = {
	{ "original", PL_LOG_ORIGINAL, NULL },
	{ "json", PL_LOG_JSON, "lines keep the original form" },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_dirties[] = {
	{ "off", PL_DIRTY_OFF, NULL },
	{ "reset", PL_DIRTY_RESET, NULL },
	{ "carry", PL_DIRTY_CARRY, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_queue_orders[] = {
	{ "fifo", PL_QUEUE_FIFO, NULL },
	{ "fair", PL_QUEUE_FAIR, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_queue_keys[] = {
	{ "application_name", PL_QUEUE_BY_APPLICATION, NULL },
	{ "address", PL_QUEUE_BY_ADDRESS, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_session_attrs[] = {
	{ "any", PL_ATTRS_ANY, NULL },
	{ "read-write", PL_ATTRS_READ_WRITE, NULL },
	{ "read-only", PL_ATTRS_READ_ONLY, NULL },
	{ "primary", PL_ATTRS_PRIMARY, NULL },
	{ "standby", PL_ATTRS_STANDBY, NULL },
	{ "prefer-standby", PL_ATTRS_PREFER_STANDBY, NULL },
	{ NULL, 0, NULL }
};

const struct key_word pl_settings_switches[] = {
	{ "on", 1, NULL },
	{ "off", 0, NULL },
	{ "1", 1, NULL },
	{ "0", 0, NULL },
	{ NULL, 0, NULL }
};

static void
swap(void *arg)
{
	const struct pl_settings **settings = arg;

	*settings = atomic_exchange(&pl_settings_now, *settings);
}

/* Nobody has the old ones in hand when all stand still. */
const struct pl_settings *
pl_settings_swap(const struct pl_settings *settings)
{
	if (tour_still(loop_here(), swap, &settings) < 0)
		log_error("settings are not changed: a loop does not turn");
	return settings;
}

bool
pl_settings_lists(const char *list, struct text name)
{
	struct text rest = text_of(list), word;

	while (list != NULL && text_word(&rest, ", \t\n\v\f\r", &word))
		if (text_same(word, name))
			return true;
	return false;
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
pl_settings_moved(const struct pl_database_row *a,
    const struct pl_database_row *b)
{
	return !is_same(a->dbname, b->dbname) || !is_same(a->host, b->host) ||
	    a->port != b->port || !is_same(a->user, b->user) ||
	    !is_same(a->connect_query, b->connect_query) ||
	    !is_same(a->auth_dbname, b->auth_dbname) ||
	    !is_same(a->auth_query, b->auth_query) ||
	    a->load_balance_hosts != b->load_balance_hosts;
}

const char *
pl_settings_mode_name(int mode)
{
	return key_word_of(pl_settings_modes, mode);
}

const char *
pl_settings_auth_name(int auth)
{
	return key_word_of(pl_settings_auth_types, auth);
}

const char *
pl_settings_balance_name(int balance)
{
	return key_word_of(pl_settings_balances, balance);
}

void
pl_settings_tune(int fd)
{
	const struct pl_settings *set = pl_settings();
	struct socket_options options = {
		.keepalive = set->tcp_keepalive != 0,
		.keepcnt = set->tcp_keepcnt,
		.keepidle = set->tcp_keepidle,
		.keepintvl = set->tcp_keepintvl,
		.user_timeout = set->tcp_user_timeout,
		.buffer = set->tcp_socket_buffer,
	};

	socket_tune(fd, &options);
}
