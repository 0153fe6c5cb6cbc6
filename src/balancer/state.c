/* SPDX-License-Identifier: ISC */
/* state.c - the lines of a server-state file. Loop 0. */
#include "balancer/check.h"
#include "balancer/state.h"
#include "base/clock.h"

/* ---- written ----------------------------------------------------------- */

void
lb_state_head(struct sheet *to)
{
	sheet_text(to, "1\n# be_id be_name srv_id srv_name srv_addr "
	    "srv_op_state srv_admin_state srv_uweight srv_iweight "
	    "srv_time_since_last_change srv_check_status srv_check_result "
	    "srv_check_health srv_check_state srv_agent_state bk_f_forced_id "
	    "srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
	    "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n");
}

/* CHECKED and what is left of a run that is under way count as before. */
static void
put_check(struct sheet *to, const struct lb_server *s)
{
	const struct lb_check *c = s->checks[0];
	bool paused = c == NULL ? s->conf->disabled :
	    (s->admin & LB_ADMIN_MAINT) != 0;
	unsigned state = c == NULL ? 0 :
	    c->state & ~(unsigned)LB_CHECK_INPROGRESS;

	sheet_print(to, " %d %d %d %u", c == NULL ? LB_CHECK_INI :
	    (int)c->status, c == NULL ? (int)LB_RESULT_UNKNOWN :
	    (int)lb_check_rows[c->status].result,
	    s->admin & LB_ADMIN_MAINT ? 0 : s->verdicts[0].health,
	    state | (paused ? LB_CHECK_PAUSED : 0));
}

static const char *
print_target(const struct lb_check *c, char buf[ADDRESS_TEXT])
{
	struct endpoint e;

	if (c == NULL || c->addr.len == 0)
		return "-";
	e = address_endpoint(&c->addr);
	return endpoint_ip(&e, buf);
}

/* A service record, or the host whose address it has; "-": neither. */
static const char *
fqdn_of(const struct lb_server *s, bool record)
{
	const struct lb_address *a = &s->conf->addr;
	bool service = a->kind == LB_ADDRESS_NAME && a->name[0] == '_';

	if (record)
		return service ? a->name : "-";
	if (s->hostname != NULL)
		return s->hostname;
	return a->kind == LB_ADDRESS_NAME && !service ? a->name : "-";
}

void
lb_state_line(struct sheet *to, const struct lb_server *s, int64_t now)
{
	const struct lb_check *check = s->checks[0], *agent = s->checks[1];
	char addr[ADDRESS_TEXT], check_addr[ADDRESS_TEXT],
	    agent_addr[ADDRESS_TEXT];
	struct endpoint e = address_endpoint(&s->address);

	sheet_print(to, "%u %s %u %s %s %d %u %u %u %lld",
	    s->conf->proxy->id, s->conf->proxy->name, s->conf->id,
	    s->conf->name, s->address.len == 0 ? "-" :
	    s->address.sa.sa_family == AF_UNIX ? s->address.un.sun_path :
	    endpoint_ip(&e, addr), (int)s->state, s->admin, s->weight,
	    s->first_weight, (long long)((now - s->changed) / CLOCK_SECOND));
	put_check(to, s);
	sheet_print(to, " %u %d %d %s %u %s %d %u %s %s %u\n",
	    agent == NULL ? 0 :
	    agent->state & ~(unsigned)LB_CHECK_INPROGRESS,
	    s->conf->proxy->id_given, s->conf->id_given,
	    fqdn_of(s, false), s->address.len == 0 ? s->port_offset :
	    address_port(&s->address), fqdn_of(s, true), atomic_load(&s->secure),
	    check == NULL ? s->conf->check_port : check->port,
	    print_target(check, check_addr),
	    print_target(agent, agent_addr),
	    agent == NULL ? s->conf->agent_port : agent->port);
}
