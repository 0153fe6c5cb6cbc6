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

/* A thousand servers have many of them: printf would be half of the work. */
static void
put_number(struct sheet *to, uint64_t n)
{
	sheet_char(to, ' ');
	if (n < 10)
		sheet_char(to, (char)('0' + n));
	else
		sheet_count(to, n);
}

static void
put_word(struct sheet *to, const char *word)
{
	sheet_char(to, ' ');
	sheet_text(to, word);
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

	put_number(to, c == NULL ? LB_CHECK_INI : (unsigned)c->status);
	put_number(to, c == NULL ? LB_RESULT_UNKNOWN :
	    (unsigned)lb_check_rows[c->status].result);
	put_number(to, s->admin & LB_ADMIN_MAINT ? 0 :
	    (unsigned)s->verdicts[0].health);
	put_number(to, state | (paused ? LB_CHECK_PAUSED : 0));
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

static const char *
print_address(const struct lb_server *s, char buf[ADDRESS_TEXT])
{
	struct endpoint e;

	if (s->address.len == 0)
		return "-";
	if (s->address.sa.sa_family == AF_UNIX)
		return s->address.un.sun_path;
	e = address_endpoint(&s->address);
	return endpoint_ip(&e, buf);
}

void
lb_state_line(struct sheet *to, const struct lb_server *s, int64_t now)
{
	const struct lb_check *check = s->checks[0], *agent = s->checks[1];
	char buf[ADDRESS_TEXT];

	sheet_count(to, s->conf->proxy->id);
	put_word(to, s->conf->proxy->name);
	put_number(to, s->conf->id);
	put_word(to, s->conf->name);
	put_word(to, print_address(s, buf));
	put_number(to, (unsigned)s->state);
	put_number(to, s->admin);
	put_number(to, s->weight);
	put_number(to, s->first_weight);
	put_number(to, (uint64_t)(now - s->changed) / CLOCK_SECOND);
	put_check(to, s);
	put_number(to, agent == NULL ? 0 :
	    agent->state & ~(unsigned)LB_CHECK_INPROGRESS);
	put_number(to, s->conf->proxy->id_given);
	put_number(to, s->conf->id_given);
	put_word(to, fqdn_of(s, false));
	put_number(to, s->address.len == 0 ? s->port_offset :
	    address_port(&s->address));
	put_word(to, fqdn_of(s, true));
	put_number(to, atomic_load(&s->secure));
	put_number(to, check == NULL ? s->conf->check_port : check->port);
	put_word(to, print_target(check, buf));
	put_word(to, print_target(agent, buf));
	put_number(to, agent == NULL ? s->conf->agent_port : agent->port);
	sheet_char(to, '\n');
}
