/* SPDX-License-Identifier: ISC */
/*
 * settings.h - what a haproxy.cfg means, as data: a tree of global settings,
 * proxies with their binds, servers and rules, and the sections beside them.
 * Made as a whole by config.c, immutable from then on, freed as a whole: all
 * of it lies in the arena of its struct lb_setup. Any thread.
 *
 * Times are int64_t microseconds, sizes are bytes, rates are per second.
 * What a section does not say has its default already filled in (also what
 * comes from a defaults section); where nothing is a value of its own, it is
 * LB_UNSET, NULL or an enum's first member, as each field says. Texts end in
 * NUL. Modes of files are -1 when not given; users and groups are names, for
 * the start to look up.
 */
#ifndef WEIR_BALANCER_SETTINGS_H
#define WEIR_BALANCER_SETTINGS_H

#include "balancer/addresses.h"
#include "balancer/sample.h"
#include "balancer/words.h"
#include "base/arena.h"

enum { LB_UNSET = -1 };

struct lb_setup;
struct lb_acl;			/* balancer/acl.h */
struct lb_cond;
struct lb_format;		/* balancer/logformat.h */
struct lb_mapfile;		/* balancer/mapfile.h */
struct lb_rule;			/* balancer/rule.h */
struct lb_step;			/* balancer/script.h */
struct lb_test;			/* balancer/acl.h */

struct lb_span { int least, most; };	/* both inclusive */

/* Where rules stand. */
enum lb_ruleset {
	LB_RULES_CONNECTION,	/* tcp-request connection: before TLS, PROXY */
	LB_RULES_SESSION,	/* tcp-request session: behind the handshakes */
	LB_RULES_CONTENT,	/* tcp-request content: bytes may be awaited */
	LB_RULES_RESPONSE,	/* tcp-response content */
	LB_RULES_HTTP_REQUEST,	/* of a proxy that answers itself */
	LB_RULES_HTTP_RESPONSE,
	LB_RULES_HTTP_AFTER,
	LB_RULES_STATS,		/* stats http-request */
	LB_RULESETS
};

/* ---- small ones ------------------------------------------------------- */

enum lb_level { LB_LEVEL_USER, LB_LEVEL_OPERATOR, LB_LEVEL_ADMIN };

struct lb_unix_conf {		/* of a unix listener */
	int mode;		/* permission bits, or LB_UNSET */
	const char *user, *group;	/* a name or "#123"; NULL: unchanged */
};

enum lb_log_form {
	LB_LOG_RFC3164, LB_LOG_RFC5424, LB_LOG_RAW, LB_LOG_SHORT,
	LB_LOG_TIMED, LB_LOG_ISO, LB_LOG_LOCAL, LB_LOG_PRIORITY
};

enum lb_log_target { LB_LOG_ADDRESS, LB_LOG_STDOUT, LB_LOG_STDERR,
	LB_LOG_FD, LB_LOG_GLOBAL, LB_LOG_NOWHERE };

struct lb_log_conf {		/* a log line */
	struct lb_place place;
	enum lb_log_target target;	/* GLOBAL: "log global"; NOWHERE: a
					 * ring, which is ignored */
	struct lb_address addr;		/* port 514 filled in */
	int fd;
	unsigned length;		/* bytes of a line at most: 1024 */
	enum lb_log_form form;
	int facility;			/* 0 kern to 23 local7 */
	int max_level, min_level;	/* 0 emerg to 7 debug; 7 and 0 */
	unsigned sample_size;		/* 0: every line */
	unsigned sample_count;
	struct lb_span *samples;	/* of 1 to sample_size */
};

/* ---- TLS -------------------------------------------------------------- */

enum lb_verify { LB_VERIFY_UNSET, LB_VERIFY_NONE, LB_VERIFY_OPTIONAL,
	LB_VERIFY_REQUIRED };
enum lb_tls { LB_TLS_UNSET, LB_TLS_SSLV3, LB_TLS_V10, LB_TLS_V11, LB_TLS_V12,
	LB_TLS_V13 };

enum {			/* what may stand in files beside a certificate */
	LB_EXTRA_KEY = 1 << 0, LB_EXTRA_ISSUER = 1 << 1,
	LB_EXTRA_OCSP = 1 << 2, LB_EXTRA_SCTL = 1 << 3,
	LB_EXTRAS = (1 << 4) - 1
};

struct lb_cert_conf {		/* a line of a crt-list, or a crt option */
	const char *path;		/* crt-base put in front; may be a
					 * directory when of a crt option */
	const struct lb_tls_conf *own;	/* [options] of a crt-list line */
	unsigned filter_count;
	const char **filters;		/* SNI patterns, "!" in front: not */
	bool usual;			/* default-crt, or marked * */
	const char *list;		/* its crt-list; NULL: a crt option */
	unsigned line;			/* of the list */
	const char *options;		/* as written; NULL: none */
};

/* Names of files have ca-base, crt-base in front; texts are OpenSSL's. */
struct lb_tls_conf {
	bool on;			/* ssl */
	ARENA_LIST(const struct lb_cert_conf) certs;
	ARENA_LIST(const char) cert_lists;		/* crt-list: paths */
	enum lb_verify verify;		/* default: none (bind), required */
	const char *verify_host;	/* server */
	const char *ca_file, *ca_verify_file, *crl_file;
	const char *ca_ignore_err, *crt_ignore_err;	/* numbers or all */
	const char *alpn;		/* "h2,http/1.1" */
	const char *ciphers, *ciphersuites, *curves, *ecdhe, *sigalgs,
	    *client_sigalgs;
	enum lb_tls least, most;	/* UNSET: V12, and no bound */
	unsigned refused;		/* 1 << enum lb_tls: no-tlsv10 ... */
	bool no_tickets, strict_sni, prefer_client_ciphers;
	const char *ticket_keys;
	const struct lb_expr *sni;	/* server */
};

/* ---- listening -------------------------------------------------------- */

struct lb_bind_conf {		/* one address of a bind line */
	struct lb_place place;
	struct lb_address addr;		/* ranges: one socket per port */
	const char *name;		/* or NULL */
	unsigned id;			/* given, or counted from 1 */
	int maxconn;			/* 0: none */
	int backlog;			/* 0: the proxy's */
	const char *interface, *namespace;
	bool transparent, v4v6, v6only, defer_accept, tfo, accept_proxy;
	int mss;			/* 0: the system's */
	int64_t tcp_ut;			/* 0: the system's */
	const char *md5sig;
	struct lb_unix_conf unixes;
	struct lb_tls_conf tls;
	/* Runtime sockets only. */
	enum lb_level level;		/* operator */
	bool expose_fd;
	enum { LB_SEVERITY_NONE, LB_SEVERITY_NUMBER, LB_SEVERITY_STRING }
	    severity;
};

/* ---- servers ---------------------------------------------------------- */

enum lb_observe { LB_OBSERVE_NONE, LB_OBSERVE_LAYER4, LB_OBSERVE_LAYER7 };
enum lb_on_error { LB_ON_ERROR_FAIL_CHECK, LB_ON_ERROR_FASTINTER,
	LB_ON_ERROR_SUDDEN_DEATH, LB_ON_ERROR_MARK_DOWN };
enum lb_init_state { LB_INIT_NONE, LB_INIT_UP, LB_INIT_DOWN,
	LB_INIT_FULLY_UP, LB_INIT_FULLY_DOWN };
enum lb_init_addr { LB_INIT_ADDR_END, LB_INIT_ADDR_NONE, LB_INIT_ADDR_LAST,
	LB_INIT_ADDR_LIBC, LB_INIT_ADDR_IP };

struct lb_source_conf {		/* source ... usesrc ... interface */
	struct lb_address addr;		/* kind NONE: the system's choice */
	enum { LB_USESRC_NONE, LB_USESRC_ADDRESS, LB_USESRC_CLIENT,
	    LB_USESRC_CLIENT_IP } usesrc;
	struct lb_address usesrc_addr;
	const char *interface;
};

struct lb_server_conf {
	struct lb_place place;
	const char *name;
	struct lb_proxy_conf *proxy;	/* in which it stands */
	unsigned id;			/* given, or counted from 1 */
	bool id_given;
	struct lb_address addr;		/* NAME: see address */
	struct address address;		/* resolved; len 0: not (yet). Without
					 * a port of its own: port 0 */
	unsigned template;		/* of a server-template: its number,
					 * else 0 */

	bool backup, disabled;
	int weight;			/* 0 to 256 */
	int maxconn, minconn;		/* 0: none, = maxconn */
	int maxqueue;			/* 0: none */
	int64_t slowstart;

	bool check, agent_check;
	int64_t inter, fastinter, downinter;	/* filled in */
	int rise, fall;
	uint16_t check_port;		/* 0: the server's */
	struct lb_address check_addr;	/* kind NONE: the server's */
	bool check_ssl, check_ssl_given, check_send_proxy, check_socks4;
	bool step_ssl;			/* a step of its check's script */
	const char *check_sni, *check_alpn;
	uint16_t agent_port;		/* 0: none */
	struct lb_address agent_addr;
	int64_t agent_inter;		/* filled in */
	const char *agent_send;		/* or NULL */
	enum lb_init_state init_state;
	enum lb_observe observe;
	int error_limit;
	enum lb_on_error on_error;
	bool down_shuts_sessions;	/* on-marked-down shutdown-sessions */
	bool up_shuts_backups;		/* on-marked-up ... */
	const char *track_name;		/* as written, or NULL */
	struct lb_server_conf *track;	/* not NULL then */

	enum lb_init_addr init_addr[8];	/* ends with END */
	struct lb_address init_ip;	/* for LB_INIT_ADDR_IP */
	struct lb_resolvers_conf *resolvers;
	const char *resolvers_name;	/* as written, or NULL */
	int resolve_prefer;		/* AF_INET, AF_INET6 */
	bool allow_dup_ip, ignore_weight;
	const char *resolve_net;	/* or NULL */

	int send_proxy;			/* 0: none; 1; 2 */
	bool send_proxy_ssl, send_proxy_ssl_cn;
	unsigned proxy_v2_options;	/* LB_PP2_* */
	ARENA_LIST(const struct lb_tlv_conf) tlvs;
	struct lb_tls_conf tls;
	struct lb_source_conf source;
	const char *namespace;
	int64_t tcp_ut;
	int mss;			/* 0: the system's */
	bool tfo;
	const char *md5sig;		/* or NULL */
	struct lb_address socks4;	/* kind NONE: none */
	const char *cookie, *redir;
	unsigned peer_id;		/* ours: 0 none */
	int role;			/* ours: enum lb_role */
};

struct lb_tlv_conf {		/* set-proxy-v2-tlv-fmt(0xNN) */
	unsigned char type;
	const struct lb_format *value;
};

enum {
	LB_PP2_SSL = 1 << 0, LB_PP2_CERT_CN = 1 << 1,
	LB_PP2_SSL_CIPHER = 1 << 2, LB_PP2_CERT_SIG = 1 << 3,
	LB_PP2_CERT_KEY = 1 << 4, LB_PP2_AUTHORITY = 1 << 5,
	LB_PP2_CRC32C = 1 << 6, LB_PP2_UNIQUE_ID = 1 << 7
};

/* UNSAID on a server line: the backend's; then ANY. */
enum lb_role { LB_ROLE_UNSAID, LB_ROLE_ANY, LB_ROLE_PRIMARY,
	LB_ROLE_STANDBY };

/* ---- what proxies are made of ------------------------------------------ */

enum lb_mode { LB_MODE_TCP, LB_MODE_HTTP, LB_MODE_LOG, LB_MODE_SPOP };

enum lb_algorithm {
	LB_ALGO_ROUNDROBIN, LB_ALGO_STATIC_RR, LB_ALGO_LEASTCONN,
	LB_ALGO_FIRST, LB_ALGO_RANDOM, LB_ALGO_SOURCE, LB_ALGO_HASH,
	LB_ALGO_RDP_COOKIE
};

enum lb_hash_type { LB_HASH_MAP, LB_HASH_CONSISTENT };
enum lb_hash_function { LB_HASH_SDBM, LB_HASH_DJB2, LB_HASH_WT6,
	LB_HASH_CRC32, LB_HASH_NONE };

struct lb_balance_conf {
	enum lb_algorithm algorithm;
	unsigned draws;			/* RANDOM: 2 */
	const struct lb_expr *expr;	/* HASH, RDP_COOKIE */
	enum lb_hash_type hash_type;
	enum lb_hash_function hash_function;
	bool avalanche;
	unsigned hash_factor;		/* percent; 0: off */
};

struct lb_switch_conf {		/* use_backend, default_backend */
	struct lb_place place;
	const char *name;		/* as written */
	const struct lb_proxy_conf *to;	/* NULL: format tells the name */
	const struct lb_format *format;
	const struct lb_cond *cond;	/* NULL: always */
};

struct lb_use_server_conf {
	struct lb_place place;
	const char *name;
	const struct lb_server_conf *to;	/* NULL: format */
	const struct lb_format *format;
	const struct lb_cond *cond;
};

enum lb_check_kind {
	LB_CHECK_CONNECT,		/* nothing but "check" */
	LB_CHECK_TCP,			/* option tcp-check: steps */
	LB_CHECK_HTTP,			/* option httpchk: steps */
	LB_CHECK_PGSQL, LB_CHECK_MYSQL, LB_CHECK_REDIS, LB_CHECK_SMTP,
	LB_CHECK_LDAP, LB_CHECK_SSL_HELLO, LB_CHECK_EXTERNAL
};

struct lb_check_conf {
	enum lb_check_kind kind;
	const char *user;		/* PGSQL, MYSQL (NULL: greeting only) */
	enum { LB_MYSQL_POST_41, LB_MYSQL_PRE_41, LB_MYSQL_POST_80 } mysql;
	const char *hello;		/* SMTP: "HELO localhost" */
	/* HTTP: the request of option httpchk, before http-check send */
	const char *method, *uri, *version, *host;
	bool disable_on_404, send_state;
	/* Lines of http-check or tcp-check of the kind in force. */
	ARENA_LIST(const struct lb_step) steps;
	bool inherited;			/* the steps are those of defaults */
	const char *command, *path;	/* EXTERNAL; path: NULL or PATH */
	/* ours */
	int role;			/* enum lb_role */
	const char *database, *password_file;
};

enum lb_store {			/* data types of a stick table */
	LB_STORE_SERVER_ID, LB_STORE_SERVER_KEY, LB_STORE_GPT0, LB_STORE_GPT,
	LB_STORE_GPC0, LB_STORE_GPC0_RATE, LB_STORE_GPC1, LB_STORE_GPC1_RATE,
	LB_STORE_GPC, LB_STORE_GPC_RATE, LB_STORE_CONN_CNT,
	LB_STORE_CONN_CUR, LB_STORE_CONN_RATE, LB_STORE_SESS_CNT,
	LB_STORE_SESS_RATE, LB_STORE_HTTP_REQ_CNT, LB_STORE_HTTP_REQ_RATE,
	LB_STORE_HTTP_ERR_CNT, LB_STORE_HTTP_ERR_RATE,
	LB_STORE_HTTP_FAIL_CNT, LB_STORE_HTTP_FAIL_RATE,
	LB_STORE_BYTES_IN_CNT, LB_STORE_BYTES_IN_RATE, LB_STORE_BYTES_OUT_CNT,
	LB_STORE_BYTES_OUT_RATE, LB_STORE_GLITCH_CNT, LB_STORE_GLITCH_RATE,
	LB_STORES
};

struct lb_table_conf {		/* a stick-table */
	struct lb_place place;
	const char *name;		/* of its section ("peers/table") */
	unsigned number;		/* place among the setup's tables */
	enum lb_type type;		/* IPV4, IPV6, INT, STR, BIN */
	unsigned key_length;		/* of STR (without NUL), BIN; 4; 16 */
	int64_t size;			/* entries */
	int64_t expire;			/* 0: never */
	bool nopurge, srvkey_addr;
	const char *peers_name;		/* as written, or NULL */
	unsigned stores;		/* 1 << enum lb_store */
	int64_t period[LB_STORES];	/* of the rates */
	unsigned elements[LB_STORES];	/* of gpt(N), gpc(N), gpc_rate(N,T) */
};

enum { LB_STICK_MATCH = 1, LB_STICK_STORE = 2, LB_STICK_RESPONSE = 4 };

struct lb_stick_conf {		/* stick on, match, store-... */
	struct lb_place place;
	unsigned what;			/* LB_STICK_*; "on" is both first */
	const struct lb_expr *expr;
	const char *table_name;		/* as written, or NULL */
	struct lb_table_conf *table;
	const struct lb_cond *cond;
};

struct lb_list_conf {		/* values that an operator may change */
	struct lb_place place;
	const char *path;		/* of their file; NULL: none */
	const char *what;		/* what they are compared with */
	const struct lb_test *test;	/* these, or a map's */
	const struct lb_mapfile *map;
};

struct lb_stats_conf {
	bool on;			/* any stats line */
	const char *uri;		/* "/haproxy?stats" */
	int64_t refresh;		/* 0: none */
	const char *realm;		/* "HAProxy Statistics" */
	ARENA_LIST(const char) auth;	/* "user:password" */
	ARENA_LIST(const char) scopes;	/* "." is this proxy; none: all */
	ARENA_LIST(const struct lb_rule) rules;	/* stats http-request */
	bool admin;			/* admin_cond NULL: always */
	const struct lb_cond *admin_cond;
	bool hide_version, show_legends, show_modules, show_node, show_desc;
	const char *node, *desc;	/* NULL: the global ones */
	bool live;			/* ours: stats-live */
};

struct lb_keepalive_conf {	/* 0: the system's */
	int count;
	int64_t idle, interval;
};

/* Switches: "option NAME", in alphabetical order. */
enum lb_option {
	LB_OPT_ABORTONCLOSE, LB_OPT_ALLBACKUPS, LB_OPT_CLITCPKA,
	LB_OPT_CONTSTATS, LB_OPT_DONTLOG_NORMAL, LB_OPT_DONTLOGNULL,
	LB_OPT_INDEPENDENT_STREAMS, LB_OPT_LOG_HEALTH_CHECKS,
	LB_OPT_LOG_SEPARATE_ERRORS, LB_OPT_LOGASAP, LB_OPT_NOLINGER,
	LB_OPT_PERSIST, LB_OPT_SOCKET_STATS, LB_OPT_SPLICE_AUTO,
	LB_OPT_SPLICE_REQUEST, LB_OPT_SPLICE_RESPONSE, LB_OPT_SRVTCPKA,
	LB_OPT_TCP_SMART_ACCEPT, LB_OPT_TCP_SMART_CONNECT,
	LB_OPT_TRANSPARENT, LB_OPTIONS
};

enum lb_log_kind {		/* which line a session gets */
	LB_LOGS_CONNECT,		/* "Connect from ..." */
	LB_LOGS_TCP, LB_LOGS_TCP_CLF, LB_LOGS_HTTP, LB_LOGS_FORMAT
};

enum {				/* what a section is, and may */
	LB_IS_FRONTEND = 1 << 0, LB_IS_BACKEND = 1 << 1,	/* listen: both */
	LB_IS_DEFAULTS = 1 << 2
};

/* A frontend, backend or listen section; also a defaults section. */
struct lb_proxy_conf {
	struct lb_place place;
	const char *name;		/* defaults: NULL when without one */
	unsigned is;			/* LB_IS_* */
	const char *kind;		/* "frontend", "backend", ... */
	unsigned id;			/* given, or counted from 2 */
	bool id_given, disabled;
	const char *description;	/* or NULL */
	enum lb_mode mode;
	bool answers;			/* mode http: all it does is to answer */
	unsigned options;		/* 1 << enum lb_option; defaults are in */

	/* Frontend side. */
	ARENA_LIST(struct lb_bind_conf) binds;
	int maxconn;			/* 0: the process's */
	int backlog;			/* 0: maxconn */
	int session_rate;		/* rate-limit sessions; 0: none */
	ARENA_LIST(struct lb_switch_conf) switches;	/* use_backend */
	struct lb_switch_conf *default_backend;		/* or NULL */
	const char *monitor_uri;	/* or NULL */
	ARENA_LIST(const struct lb_cond) monitor_fail;
	bool pgsql_cancel;		/* ours */
	struct lb_keepalive_conf client_keepalive;

	/* Backend side. */
	ARENA_LIST(struct lb_server_conf) servers;	/* templates unrolled */
	struct lb_server_conf *default_server;
	struct lb_address dispatch;	/* kind NONE: none */
	struct lb_balance_conf balance;
	ARENA_LIST(struct lb_use_server_conf) use_servers;
	int retries;			/* 3 */
	bool redispatch;
	int redispatch_every;		/* N; -1 */
	int fullconn;			/* filled in: 10 % rule applied; 0: it
					 * depends on the process's maxconn */
	struct lb_source_conf source;
	struct lb_check_conf check;
	struct lb_table_conf *table;	/* or NULL */
	ARENA_LIST(struct lb_stick_conf) sticks;
	enum { LB_STATE_NONE, LB_STATE_GLOBAL, LB_STATE_LOCAL } load_state;
	const char *state_file;		/* server-state-file-name, or NULL */
	struct lb_keepalive_conf server_keepalive;
	const char *cookie;		/* name, or NULL; HTTP only */

	/* Time-outs; 0: none. Spec section 7. */
	struct {
		int64_t client, client_fin, client_hs, server, server_fin,
		    connect, queue, check, tunnel, http_request,
		    http_keep_alive, tarpit, session;
		/* LB_UNSET where the user said nothing: check, queue (has
		 * connect filled in), client_fin, server_fin, tunnel,
		 * client_hs, http_request, http_keep_alive, tarpit. */
	} timeout;
	unsigned session_spread;	/* ours: percent */

	/* Rules, by enum lb_ruleset. */
	ARENA_LIST(const struct lb_rule) rules[LB_RULESETS];
	ARENA_LIST(struct lb_acl) acls;
	int64_t request_delay;		/* tcp-request inspect-delay; 0: none */
	int64_t response_delay;

	/* Logging. */
	ARENA_LIST(const struct lb_log_conf) logs;	/* "global" resolved */
	enum lb_log_kind log_kind;
	const struct lb_format *log_format;	/* FORMAT, or NULL */
	const struct lb_format *log_sd;		/* log-format-sd, or NULL */
	const struct lb_format *error_format;	/* or NULL */
	const struct lb_format *unique_id;	/* or NULL */
	const char *log_tag;			/* NULL: the global one */

	struct lb_stats_conf stats;
	const struct lb_proxy_conf *defaults;	/* taken from, or NULL */

	/* Of defaults: was it used, so that its lines matter? */
	bool used;
	/* Lines that matter in HTTP only, for the warnings at the end. */
	unsigned http_words;		/* LB_HTTP_* of parse.h */
	ARENA_LIST(const char) http_options;
	struct lb_place log_place;
};

/* ---- other sections ---------------------------------------------------- */

struct lb_user_conf {
	const char *name, *password;	/* NULL: none */
	bool plain;			/* insecure-password; else crypt(3) */
	ARENA_LIST(const char) groups;	/* those of the groups' lines too */
};

struct lb_member_conf {		/* of a group line; users have their groups */
	struct lb_place place;
	const char *group, *user;
};

struct lb_userlist_conf {
	struct lb_place place;
	const char *name;
	ARENA_LIST(struct lb_user_conf) users;
	ARENA_LIST(const char) groups;
	ARENA_LIST(const struct lb_member_conf) members;
};

struct lb_nameserver_conf {
	struct lb_place place;
	const char *name;
	struct lb_address addr;
	bool tcp;
};

struct lb_resolvers_conf {
	struct lb_place place;
	const char *name;
	ARENA_LIST(const struct lb_nameserver_conf) servers;
	bool parse_resolv_conf;
	int64_t hold_nx, hold_obsolete, hold_other, hold_refused,
	    hold_timeout;		/* 30 s; obsolete 0 */
	int64_t hold_valid;		/* 0: not given */
	int retries;			/* 3 */
	int64_t timeout_resolve, timeout_retry;		/* 1 s */
	unsigned payload;		/* accepted_payload_size: 512 bytes */
	bool only_ipv4;			/* -4 */
};

struct lb_peer_conf {
	struct lb_place place;
	const char *name;
	struct lb_address addr;		/* kind NONE: the bind line's */
};

struct lb_peers_conf {
	struct lb_place place;
	const char *name;
	bool disabled;
	ARENA_LIST(struct lb_bind_conf) binds;
	ARENA_LIST(const struct lb_peer_conf) peers;
	ARENA_LIST(struct lb_table_conf) tables;
};

/* ---- global ------------------------------------------------------------ */

enum lb_engine { LB_ENGINE_AUTO, LB_ENGINE_EVENT, LB_ENGINE_URING };

enum lb_default_path { LB_PATH_CURRENT, LB_PATH_CONFIG, LB_PATH_PARENT,
	LB_PATH_ORIGIN };

struct lb_global_conf {
	struct lb_place place;		/* of the first global section */
	int maxconn;			/* 0: from the limit of descriptors */
	int maxconnrate, maxsessrate, maxsslconn, maxsslrate;	/* 0: none */
	int nbthread;			/* 0: as many as usable CPUs */
	int ulimit_n, fd_hard_limit;	/* 0: not given */
	const char *user, *group, *chroot, *pidfile;	/* or NULL */
	int uid, gid;			/* LB_UNSET; user, group win not: the
					 * last line of a kind does */
	bool daemon, master, master_keeps;	/* no-exit-on-failure */
	int max_reloads;		/* mworker-max-reloads; 0: none */
	bool quiet, zero_warning;
	int64_t hard_stop_after, grace, close_spread;	/* 0: none */
	int spread_checks;		/* percent, 0 to 50 */
	int64_t max_spread_checks;	/* 0: none */
	bool external_check, external_keeps_env;
	bool insecure_fork, insecure_setuid;
	const char *state_base, *state_file;	/* or NULL */
	const char *node, *description;	/* or NULL */
	const char *localpeer;		/* NULL: host name, or -L */
	const char *log_tag;		/* "haproxy" */
	bool log_hostname;		/* log-send-hostname */
	const char *hostname;		/* its argument, or NULL */
	ARENA_LIST(const struct lb_log_conf) logs;
	ARENA_LIST(struct lb_bind_conf) sockets;	/* stats socket */
	int64_t stats_timeout;		/* 10 s */
	int stats_maxconn;		/* 10 */
	const char *unix_prefix;	/* unix-bind; or NULL */
	struct lb_unix_conf unix_bind;
	const char *ca_base, *crt_base, *key_base;	/* or NULL */
	struct lb_tls_conf bind_tls, server_tls;	/* ssl-default-... */
	enum lb_verify server_verify;	/* ssl-server-verify: required */
	unsigned extras_left_out;	/* LB_EXTRA_*: not looked for */
	bool extras_del_ext;		/* FILE.crt: beside it is FILE.key */
	enum lb_default_path default_path;
	const char *default_origin;	/* of ORIGIN */
	const char *dh_file, *dh_group;	/* its name, what is in it; or NULL */
	int dh_bits;			/* tune.ssl.default-dh-param; 0 */
	unsigned bufsize;		/* tune.bufsize: 16384 */
	int maxaccept;			/* tune.maxaccept; 0: ours */
	int rcvbuf_client, rcvbuf_server, sndbuf_client, sndbuf_server;
					/* bytes; 0: the system's */
	bool noreuseport, nosplice;
	ARENA_LIST(const struct lb_rule) variables;	/* set-var: of proc */
	/* ours */
	enum lb_engine engine;
	const char *metrics_listen;	/* or NULL */
	bool log_json, sandbox, reload_in_place;	/* ..., on, on */
	int64_t takeover_drain;		/* 0: none */
	ARENA_LIST(const char) healthz_backends;
};

/* ---- the whole --------------------------------------------------------- */

/* A section as it was written, for who explains it. */
struct lb_block_conf {
	const void *object;		/* the proxy's, ... it became */
	const struct lb_block_conf *from;	/* defaults; NULL: none */
	struct lb_words head;
	ARENA_LIST(const struct lb_words) lines;	/* also of side files */
};

struct lb_setup {
	struct arena *arena;
	struct lb_global_conf global;
	/* In the order of the file; frontend and backend sides in one list. */
	ARENA_LIST(struct lb_proxy_conf) proxies;
	ARENA_LIST(struct lb_proxy_conf) defaults;
	ARENA_LIST(struct lb_userlist_conf) userlists;
	ARENA_LIST(struct lb_resolvers_conf) resolvers;
	ARENA_LIST(struct lb_peers_conf) peers;
	ARENA_LIST(struct lb_table_conf) tables;	/* all, also of peers */
	ARENA_LIST(struct lb_list_conf) lists;
	unsigned listeners;		/* sockets that bind lines ask for */
	ARENA_LIST(struct lb_block_conf) blocks;	/* if they are wanted */
};

#endif
