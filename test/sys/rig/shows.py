# SPDX-License-Identifier: ISC
# Columns of every SHOW command with their types, as PgBouncer 1.25.2 has
# them: monitors select by name, order and type.
KINDS = {"i": "int4", "q": "int8", "s": "text", "N": "numeric",
         "b": "bytea", "T": "text"}


def listed(text):
    """"name s, port i" as [["name", "text"], ["port", "int4"]]; a name
    without a letter has that of the names before."""
    out, kind = [], "s"
    for part in text.replace("\n", " ").split(","):
        words = part.split()
        kind = words[1] if len(words) > 1 else kind
        out.append([words[0], KINDS[kind]])
    return out


CLIENTS = """type s, user s, database s, replication s, state s, addr s,
 port i, local_addr s, local_port i, connect_time T, request_time T, wait i,
 wait_us i, close_needed i, ptr s, link s, remote_pid i, tls s,
 application_name s, prepared_statements i, id i"""
SOCKETS = CLIENTS + """, recv_pos i, pkt_pos i, pkt_remain i, send_pos i,
 send_remain i, pkt_avail i, send_avail i"""

COUNTS = """server_assignment_count N, xact_count, query_count,
 bytes_received, bytes_sent, xact_time, query_time, wait_time"""
PARSES = "client_parse_count, server_parse_count, bind_count"

COLUMNS = {name: listed(text) for name, text in {
    "VERSION": "version s",
    "STATE": "key s, value s",
    "CONFIG": "key s, value s, default s, changeable s",
    "DATABASES": """name s, host s, port i, database s, force_user s,
     pool_size i, min_pool_size i, reserve_pool_size i, server_lifetime i,
     pool_mode s, load_balance_hosts s, max_connections i,
     current_connections i, max_client_connections i,
     current_client_connections i, paused i, disabled i""",
    "POOLS": """database s, user s, cl_active i, cl_waiting i,
     cl_active_cancel_req i, cl_waiting_cancel_req i, sv_active i,
     sv_active_cancel i, sv_being_canceled i, sv_idle i, sv_used i,
     sv_tested i, sv_login i, maxwait i, maxwait_us i, pool_mode s,
     load_balance_hosts s""",
    "PEERS": "peer_id i, host s, port i, pool_size i",
    "PEER_POOLS": """peer_id i, cl_active_cancel_req i,
     cl_waiting_cancel_req i, sv_active_cancel i, sv_login i""",
    "USERS": """name s, pool_size s, reserve_pool_size s, pool_mode s,
     max_user_connections i, current_connections i,
     max_user_client_connections i, current_client_connections i""",
    "LISTS": "list s, items i",
    "CLIENTS": CLIENTS,
    "SERVERS": CLIENTS,
    "SOCKETS": SOCKETS,
    "ACTIVE_SOCKETS": SOCKETS,
    "STATS": """database s, total_server_assignment_count N,
     total_xact_count, total_query_count, total_received, total_sent,
     total_xact_time, total_query_time, total_wait_time,
     total_client_parse_count, total_server_parse_count, total_bind_count,
     avg_server_assignment_count, avg_xact_count, avg_query_count, avg_recv,
     avg_sent, avg_xact_time, avg_query_time, avg_wait_time,
     avg_client_parse_count, avg_server_parse_count, avg_bind_count""",
    "STATS_TOTALS": "database s, " + COUNTS + ", " + PARSES,
    "STATS_AVERAGES": "database s, " + COUNTS + """, avg_client_parse_count,
     avg_server_parse_count, avg_bind_count""",
    "TOTALS": "name s, value N",
    "MEM": "name s, size i, used i, free i, memtotal i",
    "DNS_HOSTS": "hostname s, ttl q, addrs s",
    "DNS_ZONES": "zonename s, serial q, count i",
    "FDS": """fd i, task s, user s, database s, addr s, port i, cancel q,
     link i, client_encoding s, std_strings s, datestyle s, timezone s,
     password s, scram_client_key b, scram_server_key b""",
}.items()}

LISTS = """databases users peers pools peer_pools free_clients used_clients
 login_clients free_servers used_servers dns_names dns_zones dns_queries
 dns_pending""".split()

MEM = """user_cache credentials_cache db_cache peer_cache peer_pool_cache
 pool_cache outstanding_request_cache server_cache client_cache iobuf_cache
 var_list_cache server_prepared_statement_cache""".split()

TOTALS = [p + n for p in ("total_", "avg_") for n in """
 server_assignment_count xact_count query_count client_bytes server_bytes
 xact_time query_time wait_time ps_client_parse_count ps_server_parse_count
 ps_bind_count""".split()]

# key, default as SHOW CONFIG prints it, may be changed at run
# time; None is NULL.
SETTINGS = [tuple(w if w != "NULL" else None for w in line.split("|"))
            for line in """
admin_users||y
application_name_add_host|0|y
auth_dbname|NULL|y
auth_file|NULL|y
auth_hba_file||y
auth_ident_file|NULL|y
auth_ldap_options|NULL|y
auth_query|SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE \
rolpassword END FROM pg_authid WHERE rolname=$1 AND rolcanlogin|y
auth_type|md5|y
auth_user|NULL|y
autodb_idle_timeout|3600|y
cancel_wait_timeout|10|y
client_idle_timeout|0|y
client_login_timeout|60|y
client_tls13_ciphers|NULL|y
client_tls_ca_file||y
client_tls_cert_file||y
client_tls_ciphers|default|y
client_tls_dheparams|auto|y
client_tls_ecdhcurve|auto|y
client_tls_key_file||y
client_tls_protocols|secure|y
client_tls_sslmode|disable|y
conffile|NULL|y
default_pool_size|20|y
disable_pqexec|0|n
dns_max_ttl|15|y
dns_nxdomain_ttl|15|y
dns_zone_check_period|0|y
idle_transaction_timeout|0|y
ignore_startup_parameters||y
job_name|pgbouncer|n
listen_addr||n
listen_backlog|128|n
listen_port|6432|n
log_connections|1|y
log_disconnections|1|y
log_pooler_errors|1|y
log_stats|1|y
logfile||y
max_client_conn|100|y
max_db_client_connections|0|y
max_db_connections|0|y
max_packet_size|2147483647|y
max_prepared_statements|200|y
max_user_client_connections|0|y
max_user_connections|0|y
min_pool_size|0|y
peer_id|0|y
pidfile||n
pkt_buf|4096|n
pool_mode|session|y
query_timeout|0|y
query_wait_notify|5|y
query_wait_timeout|120|y
reserve_pool_size|0|y
reserve_pool_timeout|5|y
resolv_conf||n
sbuf_loopcnt|5|y
scram_iterations|4096|y
server_check_delay|30|y
server_check_query|<empty>|y
server_connect_timeout|15|y
server_fast_close|0|y
server_idle_timeout|600|y
server_lifetime|3600|y
server_login_retry|15|y
server_reset_query|DISCARD ALL|y
server_reset_query_always|0|y
server_round_robin|0|y
server_tls13_ciphers|NULL|y
server_tls_ca_file||y
server_tls_cert_file||y
server_tls_ciphers|default|y
server_tls_key_file||y
server_tls_protocols|secure|y
server_tls_sslmode|prefer|y
so_reuseport|0|n
stats_period|60|y
stats_users||y
suspend_timeout|10|y
syslog|0|y
syslog_facility|daemon|y
syslog_ident|pgbouncer|y
tcp_defer_accept|1|y
tcp_keepalive|1|y
tcp_keepcnt|0|y
tcp_keepidle|0|y
tcp_keepintvl|0|y
tcp_socket_buffer|0|y
tcp_user_timeout|0|y
track_extra_parameters|IntervalStyle|n
transaction_timeout|0|y
unix_socket_dir|/tmp|n
unix_socket_group||n
unix_socket_mode|0777|n
user|NULL|n
verbose|NULL|y
""".strip().splitlines() for line in [line]]
