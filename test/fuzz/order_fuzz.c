/* SPDX-License-Identifier: ISC */
/* order_fuzz.c - commands typed on the pooler's console. */
#include "fuzz.h"
#include "pooler/order.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct text values[] = { TEXT("a"), { NULL, 0 },
	    TEXT("0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789") };
	struct text t = fuzz_text(data, len);
	struct pl_order o;

	for (int params = 0; params < 2; params++) {
		if (pl_order_parse(t, params == 1, &o) != PL_ORDER_FINE)
			continue;
		NEED(strlen(o.cmd) <= PL_ORDER_CMD);
		NEED(strlen(o.arg) <= PL_ORDER_ARG);
		NEED(strlen(o.value) <= PL_ORDER_VALUE);
		NEED(params == 1 || pl_order_params(&o) == 0);
		for (unsigned n = 0; n <= 3; n++) {
			struct pl_order copy = o;

			if (pl_order_fill(&copy, values, n) != PL_ORDER_FINE)
				continue;
			NEED(pl_order_params(&o) <= n);
			NEED(strlen(copy.arg) <= PL_ORDER_ARG);
			NEED(strlen(copy.value) <= PL_ORDER_VALUE);
		}
	}
	return 0;
}
