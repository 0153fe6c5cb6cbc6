/* SPDX-License-Identifier: ISC */
/*
 * settings.h - what the configuration says, as data: the settings of
 * [pgbouncer], the rows of [databases], [users] and [peers], and the whole
 * setup that one reading yields (made by config.c). All of it is immutable
 * once made. The settings in force hang on one pointer: swapped on loop 0,
 * freed when a tour has been home. Readers on any thread.
 */
#ifndef WEIR_POOLER_SETTINGS_H
#define WEIR_POOLER_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/text.h"
#include "conf/key.h"

enum {
	PL_DATABASE_NAME = 63, PL_USER_NAME = 127, PL_SECRET = 2047,
	PL_UNSET = -1		/* a number of a row that was not given */
};

enum pl_pool_mode {
	PL_MODE_UNSET, PL_MODE_SESSION, PL_MODE_TRANSACTION, PL_MODE_STATEMENT
};

/* The first nine may be auth_type; the last two come from HBA rules only. */
enum pl_auth_type {
	PL_AUTH_ANY, PL_AUTH_TRUST, PL_AUTH_PLAIN, PL_AUTH_MD5, PL_AUTH_CERT,
	PL_AUTH_HBA, PL_AUTH_LDAP, PL_AUTH_PAM, PL_AUTH_SCRAM,
	PL_AUTH_REJECT, PL_AUTH_PEER
};

enum pl_sslmode {
	PL_SSL_DISABLE, PL_SSL_ALLOW, PL_SSL_PREFER, PL_SSL_REQUIRE,
	PL_SSL_VERIFY_CA, PL_SSL_VERIFY_FULL
};

enum pl_balance {
	PL_BALANCE_UNSET, PL_BALANCE_ROUND_ROBIN, PL_BALANCE_DISABLE
};

/* Ours. */
enum pl_engine { PL_ENGINE_AUTO, PL_ENGINE_EVENT, PL_ENGINE_URING };
enum pl_log_format { PL_LOG_ORIGINAL, PL_LOG_JSON };
enum pl_dirty {
	PL_DIRTY_UNSET, PL_DIRTY_OFF, PL_DIRTY_RESET, PL_DIRTY_CARRY
};
enum pl_queue_order { PL_QUEUE_UNSET, PL_QUEUE_FIFO, PL_QUEUE_FAIR };
enum pl_queue_key {
	PL_QUEUE_BY_UNSET, PL_QUEUE_BY_APPLICATION, PL_QUEUE_BY_ADDRESS
};
enum pl_session_attrs {
	PL_ATTRS_ANY, PL_ATTRS_READ_WRITE, PL_ATTRS_READ_ONLY,
	PL_ATTRS_PRIMARY, PL_ATTRS_STANDBY, PL_ATTRS_PREFER_STANDBY
};

/*
 * [pgbouncer]: one field per key, named as the key. Times are microseconds
 * in int64_t; "int s" of the reference are plain ints (seconds); switches are
 * ints, non-zero = on. Strings are "" when empty, NULL where the reference
 * says unset.
 */
struct pl_settings {
	const char *admin_users;		/* list: pl_settings_lists() */
	int application_name_add_host;
	const char *auth_dbname;		/* or NULL */
	const char *auth_file;			/* or NULL */
	const char *auth_hba_file;
	const char *auth_ident_file;		/* or NULL */
	const char *auth_ldap_options;		/* or NULL */
	const char *auth_query;
	int auth_type;				/* enum pl_auth_type */
	const char *auth_user;			/* or NULL */
	int64_t autodb_idle_timeout;
	int64_t cancel_wait_timeout;
	int64_t client_idle_timeout;
	int64_t client_login_timeout;
	const char *client_tls13_ciphers;	/* or NULL */
	const char *client_tls_ca_file;
	const char *client_tls_cert_file;
	const char *client_tls_ciphers;
	const char *client_tls_dheparams;
	const char *client_tls_ecdhcurve;
	const char *client_tls_key_file;
	const char *client_tls_protocols;
	int client_tls_sslmode;			/* enum pl_sslmode */
	const char *conffile;
	int default_pool_size;
	int disable_pqexec;
	int64_t dns_max_ttl;
	int64_t dns_nxdomain_ttl;
	int64_t dns_zone_check_period;
	int64_t idle_transaction_timeout;
	const char *ignore_startup_parameters;	/* list */
	const char *job_name;
	const char *listen_addr;		/* list */
	int listen_backlog;
	int listen_port;
	int log_connections;
	int log_disconnections;
	int log_pooler_errors;
	int log_stats;
	const char *logfile;
	int max_client_conn;
	int max_db_client_connections;
	int max_db_connections;
	unsigned max_packet_size;
	int max_prepared_statements;
	int max_user_client_connections;
	int max_user_connections;
	int min_pool_size;
	int peer_id;
	const char *pidfile;
	int pkt_buf;
	int pool_mode;				/* enum pl_pool_mode */
	int64_t query_timeout;
	int query_wait_notify;			/* seconds */
	int64_t query_wait_timeout;
	int reserve_pool_size;
	int64_t reserve_pool_timeout;
	const char *resolv_conf;
	int sbuf_loopcnt;
	int scram_iterations;
	int64_t server_check_delay;
	const char *server_check_query;		/* "<empty>": an empty query */
	int64_t server_connect_timeout;
	int server_fast_close;
	int64_t server_idle_timeout;
	int64_t server_lifetime;
	int64_t server_login_retry;
	const char *server_reset_query;
	int server_reset_query_always;
	int server_round_robin;
	const char *server_tls13_ciphers;	/* or NULL */
	const char *server_tls_ca_file;
	const char *server_tls_cert_file;
	const char *server_tls_ciphers;
	const char *server_tls_key_file;
	const char *server_tls_protocols;
	int server_tls_sslmode;			/* enum pl_sslmode */
	int so_reuseport;
	int stats_period;			/* seconds */
	const char *stats_users;		/* list */
	int64_t suspend_timeout;
	int syslog;
	const char *syslog_facility;
	const char *syslog_ident;
	int tcp_defer_accept;
	int tcp_keepalive;
	int tcp_keepcnt;
	int tcp_keepidle;
	int tcp_keepintvl;
	int tcp_socket_buffer;
	int tcp_user_timeout;			/* milliseconds */
	const char *track_extra_parameters;	/* list */
	int64_t transaction_timeout;
	const char *unix_socket_dir;
	const char *unix_socket_group;
	int unix_socket_mode;
	const char *user;			/* or NULL */
	int verbose;				/* 0, 1, 2 */

	/* Ours (not in SHOW CONFIG). */
	const char *accept_proxy_from;		/* list of networks */
	int64_t auth_query_cache;
	int64_t auth_query_negative_cache;
	int engine;				/* enum pl_engine */
	int fail_fast;
	const char *healthz_databases;		/* list */
	int64_t healthz_interval;
	int64_t host_check_interval;
	int listen_notify;
	int listen_queue;
	int log_format;				/* enum pl_log_format */
	int max_login_per_address;
	const char *metrics_listen;
	int queue_key;				/* enum pl_queue_key */
	int queue_order;			/* enum pl_queue_order */
	int reset_dirty;			/* enum pl_dirty */
	int sandbox;
	int server_login_parallel;
	int64_t slow_query;
	int slow_query_text;
	int sql_prepare;
	int64_t takeover_drain;
	int threads;
};

/* One line of [databases]. Unset: PL_UNSET, NULL, or the ..._UNSET member. */
struct pl_database_row {
	const char *name;		/* "*": the fallback */
	const char *dbname;		/* name, unless given; "*": or NULL */
	const char *host;		/* as written; NULL: unix_socket_dir */
	const char *const *hosts;	/* the list, split at commas */
	unsigned host_count;		/* 0 when host is NULL */
	int port;			/* 5432 unless given */
	const char *user;		/* forced user, or NULL */
	const char *password;		/* secret, or NULL */
	const char *auth_user, *auth_query, *auth_dbname;
	int pool_size;			/* 0: no limit */
	int min_pool_size;
	int reserve_pool_size;
	int max_db_connections;		/* unset or > 0 */
	int max_db_client_connections;	/* unset or > 0 */
	int64_t server_lifetime;	/* microseconds; unset or > 0 */
	int pool_mode;			/* enum pl_pool_mode */
	int load_balance_hosts;		/* enum pl_balance */
	const char *connect_query;
	const char *client_encoding, *datestyle, *timezone, *application_name;

	/* Ours. */
	int server_login_parallel;
	int fail_fast;
	int sql_prepare;
	int reset_dirty;		/* enum pl_dirty */
	int listen_notify;
	int listen_queue;
	int target_session_attrs;	/* enum pl_session_attrs */
	int64_t host_check_interval;
	int64_t auth_query_cache;
	int64_t auth_query_negative_cache;
	int64_t slow_query;
	int queue_order;		/* enum pl_queue_order */
	int queue_key;			/* enum pl_queue_key */
};

/* One line of [users]. Time-outs are microseconds, unset or > 0. */
struct pl_user_row {
	const char *name;
	int pool_mode;			/* enum pl_pool_mode */
	int pool_size;
	int reserve_pool_size;
	int max_user_connections;	/* unset or > 0 */
	int max_user_client_connections; /* unset or > 0 */
	int64_t query_timeout;
	int64_t idle_transaction_timeout;
	int64_t transaction_timeout;
	int64_t client_idle_timeout;

	/* Ours. */
	int reset_dirty;		/* enum pl_dirty */
	int64_t slow_query;
};

/* One line of [peers]. */
struct pl_peer_row {
	int id;				/* 1-65535 */
	const char *host;
	int port;			/* 6432 unless given */
	int pool_size;			/* or PL_UNSET */
};

struct pl_userlist;			/* userlist.h */
struct pl_hba;				/* hba.h */
struct pl_ident;			/* ident.h */

/* Something a reading has to say that is no error of the file itself. */
struct pl_note {
	enum log_level level;
	const char *line;
};

/*
 * Everything that one reading of the files yields. Made and freed by
 * config.c; rows and files in it live as long as it does. 'settings' is
 * moved out by pl_config_take_settings() when the setup is applied.
 */
struct pl_setup {
	const struct pl_settings *settings;
	const struct pl_database_row *databases;	/* without "*" */
	unsigned database_count;
	const struct pl_database_row *fallback;		/* "*", or NULL */
	const struct pl_user_row *users;
	unsigned user_count;
	const struct pl_peer_row *peers;
	unsigned peer_count;
	const struct pl_userlist *userlist;	/* never NULL, may be empty */
	const struct pl_hba *hba;		/* never NULL, may be empty */
	const struct pl_ident *ident;		/* never NULL, may be empty */
	const struct pl_note *notes;		/* to be logged, in order */
	unsigned note_count;
};

extern _Atomic(const struct pl_settings *) pl_settings_now;

/* The settings in force; keep the pointer only within one turn of a loop. */
static inline const struct pl_settings *
pl_settings(void)
{
	return atomic_load_explicit(&pl_settings_now, memory_order_acquire);
}

/* The options of a TCP socket to a client or a server, as they are set. */
void	pl_settings_tune(int fd);

/* Puts new settings in force and gives back the old ones (or NULL). */
const struct pl_settings *pl_settings_swap(const struct pl_settings *);

/* Is name one of the words (comma or blank between them) of a list setting? */
bool	pl_settings_lists(const char *list, struct text name);

/*
 * Does the change from one row to the other make open servers obsolete
 * (another place, user, connect query ...)? Only pool sizes, limits, modes
 * and the like may differ when it does not.
 */
bool	pl_settings_moved(const struct pl_database_row *,
	    const struct pl_database_row *);
/* The words of the enumerations; key_word_of() names a value for SHOW. */
extern const struct key_word pl_settings_modes[], pl_settings_auth_types[],
    pl_settings_sslmodes[], pl_settings_balances[], pl_settings_engines[],
    pl_settings_log_formats[], pl_settings_dirties[],
    pl_settings_queue_orders[], pl_settings_queue_keys[],
    pl_settings_session_attrs[], pl_settings_switches[];

const char *pl_settings_mode_name(int pool_mode);	/* NULL: unset */
const char *pl_settings_auth_name(int auth_type);
const char *pl_settings_balance_name(int balance);	/* NULL: unset */

#endif
