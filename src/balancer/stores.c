/* SPDX-License-Identifier: ISC */
/* stores.c - the rows of stores.h. Constant; any thread. */
#include "balancer/stores.h"

const struct lb_store_row lb_stores[LB_STORE_ROWS] = {
	{ "server_id", LB_STORE_SERVER_ID, 0 },
	{ "gpt0", LB_STORE_GPT0, 0 },
	{ "gpc0", LB_STORE_GPC0, 0 },
	{ "gpc0_rate", LB_STORE_GPC0_RATE, 't' },
	{ "conn_cnt", LB_STORE_CONN_CNT, 0 },
	{ "conn_rate", LB_STORE_CONN_RATE, 't' },
	{ "conn_cur", LB_STORE_CONN_CUR, 0 },
	{ "sess_cnt", LB_STORE_SESS_CNT, 0 },
	{ "sess_rate", LB_STORE_SESS_RATE, 't' },
	{ "http_req_cnt", LB_STORE_HTTP_REQ_CNT, 0 },
	{ "http_req_rate", LB_STORE_HTTP_REQ_RATE, 't' },
	{ "http_err_cnt", LB_STORE_HTTP_ERR_CNT, 0 },
	{ "http_err_rate", LB_STORE_HTTP_ERR_RATE, 't' },
	{ "bytes_in_cnt", LB_STORE_BYTES_IN_CNT, 0 },
	{ "bytes_in_rate", LB_STORE_BYTES_IN_RATE, 't' },
	{ "bytes_out_cnt", LB_STORE_BYTES_OUT_CNT, 0 },
	{ "bytes_out_rate", LB_STORE_BYTES_OUT_RATE, 't' },
	{ "gpc1", LB_STORE_GPC1, 0 },
	{ "gpc1_rate", LB_STORE_GPC1_RATE, 't' },
	{ "server_key", LB_STORE_SERVER_KEY, 0 },
	{ "http_fail_cnt", LB_STORE_HTTP_FAIL_CNT, 0 },
	{ "http_fail_rate", LB_STORE_HTTP_FAIL_RATE, 't' },
	{ "gpt", LB_STORE_GPT, 'n' },
	{ "gpc", LB_STORE_GPC, 'n' },
	{ "gpc_rate", LB_STORE_GPC_RATE, 'b' },
	{ "glitch_cnt", LB_STORE_GLITCH_CNT, 0 },
	{ "glitch_rate", LB_STORE_GLITCH_RATE, 't' },
};

bool
lb_stores_is_rate(enum lb_store store)
{
	for (size_t i = 0; i < LB_STORE_ROWS; i++)
		if (lb_stores[i].store == store)
			return lb_stores[i].args == 't' ||
			    lb_stores[i].args == 'b';
	return false;
}

const struct lb_store_row *
lb_stores_find(struct text name)
{
	for (size_t i = 0; i < LB_STORE_ROWS; i++)
		if (text_is(name, lb_stores[i].name))
			return &lb_stores[i];
	return NULL;
}
